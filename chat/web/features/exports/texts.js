// Exports of one's own data.

export const en = {
  "export.title": "Export your data",
  "export.text":
    "Get a copy of your profile, sessions, rooms, messages with earlier versions, reactions and files, as a zip file. Messages of others are not included.",
  "export.password": "Your password",
  "export.do": "Start export",
  "export.making": "Your export is being prepared. You can leave this page.",
  "export.percent": "{n}% complete",
  "export.made": "Your export is ready ({size}).",
  "export.until": "You can download it until {time}. Then it is deleted.",
  "export.download": "Download export",
  "export.too_big": "The export failed: it is too large for the space left on this server. Ask an admin for your data.",
  "export.disk": "The export failed. Try again later.",
  "refusal.exports_disabled": "This server has no exports. Ask an admin for your data.",
  "refusal.no_export": "There is no export, or it has expired.",
  "refusal.export_not_made": "Your export is not ready yet.",
  "refusal.export_too_soon": "You already exported your data within the last hour.",
};
