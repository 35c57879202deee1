"""The report of the desk over HTTP."""

from datetime import UTC, datetime, timedelta

from tests.protocols.native.site import Site


async def test_operators_and_admins_read_the_report(site: Site) -> None:
    _, adas = await site.join("ada")
    olga, olgas = await site.join("olga", operator=True)
    _, boss = await site.join("boss", admin=True)
    room = (await site.call("PUT", "/support", token=adas))["id"]
    for number, token in enumerate((adas, olgas)):
        body = {"key": f"k{number}", "text": "words"}
        assert (await site.call("POST", f"/rooms/{room}/messages", body, token=token)).status == 201
    refused = await site.call("GET", "/support/report", token=adas)
    assert refused["reason"] == "not_operator", refused.body
    report = await site.call("GET", "/support/report?weeks=1", token=olgas)
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())
    assert (report["since"], report["zone"], "in_hours" in report.body) == (f"{monday}", "UTC", False)
    (by_operator,) = report["operators"]
    assert by_operator["operator"] == {"id": olga.id, "name": "olga"}
    assert [each["week"] for each in report["weeks"]] == [f"{monday}"]
    assert (report["all"]["cases"], report["all"]["answered"]) == (1, 1)
    hours = {"support_hours": ["mon-sun/00:00-24:00"], "support_time_zone": "Europe/Berlin"}
    assert (await site.call("PATCH", "/admin/settings", hours, token=boss)).status == 200
    report = await site.call("GET", "/support/report", token=boss)
    assert (report["zone"], report["in_hours"], report["all"]["cases"]) == ("Europe/Berlin", True, 1)
    for wrong in ("0", "54", "x"):
        refused = await site.call("GET", f"/support/report?weeks={wrong}", token=boss, valid=False)
        assert refused.refused == (400, "invalid", "weeks")
