// The report of the desk.

export const en = {
  "desk_report.title": "Support report",
  "desk_report.time": "Time",
  "desk_report.weeks": {
    one: "Last week",
    other: "Last {n} weeks",
  },
  "desk_report.csv": "Download CSV",
  "desk_report.hint": "Conversations by the week in which they began. One that begins again after it was closed counts again.",
  "desk_report.in_hours": "Times count only your opening hours.",
  "desk_report.always": "Times count around the clock, weeks in the time zone {zone}.",
  "desk_report.none": "No conversations in this time.",
  "desk_report.cases": "Conversations",
  "desk_report.answer": "First answer",
  "desk_report.close": "Until closed",
  "desk_report.median": "Median",
  "desk_report.most": "90% within",
  "desk_report.rated": "Ratings",
  "desk_report.by_week": "By week",
  "desk_report.by_operator": "By who answered first",
  "desk_report.week": "Week of",
  "desk_report.operator": "Operator",
  "desk_report.nobody": "Not answered",
  "desk_report.all": "All",
};
