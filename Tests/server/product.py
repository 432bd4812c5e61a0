"""Journeys, indicators, objectives, artifacts, policy and capsules over the API. Used by contract.py."""

import json
import re
import time

from control_server import claim, document, sql


def expect(server, what, method, path, status, body=None, code=None, **headers):
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    seen, view, response = server.call(method, path, text, **headers)
    claim(what, seen == status and (code is None or view["error_code"] == code), (method, path, seen, view))
    return view, response


def read(server, path):
    """Reads something twice: the second time nothing comes, because nothing changed."""
    view, response = expect(server, f"GET {path} answers", "GET", path, 200)
    tag = response.getheader("ETag")
    claim(f"GET {path} has an ETag", tag)
    expect(server, f"GET {path} is not sent twice", "GET", path, 304, If_None_Match=tag)
    return view


def analyze(server, service):
    status, view, _ = server.call("POST", "/api/v1/analyze", json.dumps({"service_name": service}))
    for _ in range(600):
        view = server.call("GET", view["status_url"])[1]
        if view["status"] in ("completed", "failed", "cancelled"):
            break
        time.sleep(0.1)
    claim(f"{service} is analysed", view["status"] == "completed", view)
    claim("what to mind is told, and what to do", any(one["code"] == "no-logs" and one["advice"] for one in view["warnings"]), view)
    return view["job_id"]


def journeys(server):
    view = read(server, "/api/v1/journeys?service_name=shop&min_confidence=0.1")
    claim("two journeys enter the shop", view["total_count"] == 2 and len(view["journeys"]) == 2, view)
    claim("a list says what tells of errors", all(one["error_evidence"] == "spans" for one in view["journeys"]), view)
    claim("a page is a part", len(server.call("GET", "/api/v1/journeys?limit=1&offset=1")[1]["journeys"]) == 1)
    services = read(server, "/api/v1/services")["services"]
    claim("services are known by their journeys", {one["name"] for one in services} == {"shop", "payment"}, services)
    advice = read(server, "/api/v1/services/payment/advice")["advice"]
    claim("advice says what it would add", all(0 <= one["expected_uplift"] <= 1 and one["advice"] for one in advice), advice)
    expect(server, "no advice for a service that is not there", "GET", "/api/v1/services/none/advice", 404)
    checkout = next(one for one in view["journeys"] if "payment" in one["services"])
    cart = next(one for one in view["journeys"] if one["id"] != checkout["id"])
    path = f"/api/v1/journeys/{checkout['id']}"
    full = read(server, path)
    claim("a journey has steps with latencies", len(full["steps"]) == 2 and full["latency"]["p95"] > 0 and full["calls"], full)
    renamed, response = expect(server, "a journey is renamed", "PATCH", path, 200, {"name": "Check-out", "pinned": True}, If_Match=f'"{full["revision"]}"')
    claim("it has its name, and a new revision", renamed["name"] == "Check-out" and renamed["revision"] == full["revision"] + 1, renamed)
    for method, tail, body in (("PATCH", "", {"pinned": True}), ("POST", "/merge", {"into": cart["id"]}), ("POST", "/split", {"service": "shop"})):
        expect(server, f"{method} {tail} of an old revision", method, path + tail, 412, body, If_Match='"1"')
        expect(server, f"{method} {tail} of nothing", method, "/api/v1/journeys/none" + tail, 404, body)
    expect(server, "nothing to read of a journey that is not there", "GET", "/api/v1/journeys/none", 404)
    expect(server, "a change to nothing", "PATCH", path, 422, {})
    merged, _ = expect(server, "a journey becomes part of another", "POST", f"/api/v1/journeys/{cart['id']}/merge", 200, {"into": checkout["id"]})
    claim("that waits for the next analysis", merged["pending"] and merged["merged_into"] == checkout["id"], merged)
    expect(server, "not of each other", "POST", f"{path}/merge", 409, {"into": cart["id"]}, code="MERGE_CIRCLE")
    analyze(server, "shop")
    view = server.call("GET", "/api/v1/journeys")[1]
    claim("the next analysis carries it out, and keeps the name",
          [(one["name"], one["requests"], one["pinned"]) for one in view["journeys"]] == [("Check-out", 10000, True)], view)
    expect(server, "it is taken back", "POST", f"/api/v1/journeys/{cart['id']}/merge", 200, {})
    expect(server, "a part becomes its own", "POST", f"{path}/split", 200, {"service": "payment", "name": "Paying"})
    analyze(server, "shop")
    names = sorted(one["name"] for one in server.call("GET", "/api/v1/journeys")[1]["journeys"])
    claim("so it is found", "Paying" in names, names)
    return checkout["id"]


def indicators(server, journey):
    found = read(server, "/api/v1/sli?service_name=payment&status=proposed")
    claim("indicators are proposed", found["total_count"] >= 3 and found["slis"][0]["total_query"], found)
    latency = next(one for one in found["slis"] if one["metric_type"] == "latency")
    errors = next(one for one in found["slis"] if one["metric_type"] == "errors" and one["journey_id"] == latency["journey_id"])
    read(server, f"/api/v1/sli/{latency['id']}")
    evidence = read(server, f"/api/v1/sli/{errors['id']}/evidence")["evidence"]
    claim("evidence names traces", any(one["kind"] == "trace" for one in evidence), evidence)
    for tail in ("", "/evidence"):
        expect(server, f"an indicator that is not there has no {tail}", "GET", f"/api/v1/sli/none{tail}", 404)
    path = f"/api/v1/sli/{latency['id']}"
    expect(server, "an objective needs its indicator approved", "POST", f"/api/v1/slo/{latency['id']}/approve", 409, code="SLI_NOT_APPROVED")
    for verb in ("approve", "reject"):
        expect(server, f"{verb} of nothing", "POST", f"/api/v1/sli/none/{verb}", 404)
        expect(server, f"{verb} of an old revision", "POST", f"{path}/{verb}", 412, {"comment": "x"}, If_Match='"99"')
    view, _ = expect(server, "an indicator is rejected", "POST", f"{path}/reject", 200, {"comment": "too slow"})
    claim("with the reason", (view["status"], view["comment"], view["decided_by"]) == ("rejected", "too slow", "loopback"), view)
    view, _ = expect(server, "its threshold is another", "PATCH", path, 200, {"threshold_ms": 300})
    claim("it is proposed anew", (view["status"], view["threshold_ms"], view["overridden"]) == ("proposed", 300, True), view)
    claim("its query asks for that bucket", 'le="0.3"' in view["good_query"], view["good_query"])
    expect(server, "a threshold between buckets is refused", "PATCH", path, 422, {"threshold_ms": 317})
    expect(server, "errors have no threshold", "PATCH", f"/api/v1/sli/{errors['id']}", 409, {"threshold_ms": 300})
    expect(server, "nothing has none", "PATCH", "/api/v1/sli/none", 404, {"threshold_ms": 300})
    expect(server, "an old revision keeps its own", "PATCH", path, 412, {"threshold_ms": 300}, If_Match='"99"')
    for one in (latency, errors):
        expect(server, "an indicator is approved", "POST", f"/api/v1/sli/{one['id']}/approve", 200)
    return errors["id"]


def objectives(server, errors):
    found = read(server, "/api/v1/slo?service_name=payment")
    claim("each indicator has an objective", found["total_count"] >= 3, found)
    proposed = [one for slo in found["slos"] for one in slo["variants"]]
    claim("what is not feasible says why", all(one["feasible"] or one["notes"] for one in proposed) and not all(one["feasible"] for one in proposed), proposed)
    claim("clients of the original find it under their path", server.call("GET", "/api/v1/slos?service_name=payment")[1] == found)
    claim("with what is below", server.call("GET", f"/api/v1/slis/{errors}/evidence")[1] == server.call("GET", f"/api/v1/sli/{errors}/evidence")[1])
    expect(server, "other methods are refused there too", "PUT", "/api/v1/slos", 405, code="METHOD_NOT_ALLOWED")
    path = f"/api/v1/slo/{errors}"
    view = read(server, path)
    budget = read(server, f"{path}/error-budget")
    share = budget["bad_events"] / budget["total_events"]
    claim("the budget counts every request", share in (0.025, 0.05) and budget["remaining"] == 1 - budget["bad_events"] / budget["allowed_events"], budget)
    loose, _ = expect(server, "a loose target is simulated", "POST", f"{path}/simulate", 200, {"target_percentage": 90})
    strict, _ = expect(server, "a strict one too", "POST", f"{path}/simulate", 200, {"target_percentage": 99.9})
    claim("the budget of 90 % is a tenth of all", abs(loose["point"]["budget_remaining"] - (1 - share / 0.1)) < 1e-9, loose["point"])
    claim("that of 99.9 % is overdrawn", strict["point"]["budget_remaining"] < 0, strict["point"])
    targets = [one["target_percentage"] for one in loose["curve"]]
    claim("the curve falls", targets == sorted(targets, reverse=True) and len(targets) > 10, targets)
    claim("stricter targets page no less", loose["point"]["pages"] <= strict["point"]["pages"], (loose["point"], strict["point"]))
    expect(server, "without a target its own is simulated", "POST", f"{path}/simulate", 200)
    expect(server, "a target of 100 % is none", "POST", f"{path}/simulate", 422, {"target_percentage": 100})
    own, _ = expect(server, "its files can be made", "POST", f"{path}/artifacts", 200)
    claim("for its own target", own["target_percentage"] == view["target_percentage"], own["target_percentage"])
    chosen, _ = expect(server, "and for another", "POST", f"{path}/artifacts", 200, {"target_percentage": 97.25})
    rules = lambda files: next(one["content"] for one in files["artifacts"] if one["path"].endswith(".rules.yaml") and "period" not in one["path"])
    claim("which the rules ask for", "0.9725" in rules(chosen) and "0.9725" not in rules(own), rules(chosen)[:3000])
    claim("the same files otherwise", [one["path"] for one in own["artifacts"]] == [one["path"] for one in chosen["artifacts"]], chosen["artifacts"][0])
    claim("nothing of it is kept", read(server, path) == view)
    expect(server, "a target of 0 % has no files", "POST", f"{path}/artifacts", 422, {"target_percentage": 0})
    for method, tail, body in (("GET", "", None), ("GET", "/error-budget", None), ("POST", "/simulate", None), ("PATCH", "", {}), ("POST", "/approve", None), ("POST", "/artifacts", None)):
        expect(server, f"{method} {tail} of an objective that is not there", method, f"/api/v1/slo/none{tail}", 404, body)
    expect(server, "an old revision keeps its target", "PATCH", path, 412, {"target_percentage": 90}, If_Match='"99"')
    expect(server, "an old revision is not approved", "POST", f"{path}/approve", 412, If_Match='"99"')
    view, _ = expect(server, "an objective gets a target", "PATCH", path, 200, {"target_percentage": 90})
    claim("and is proposed anew", (view["status"], view["target_percentage"], view["overridden"]) == ("proposed", 90, True), view)
    view, _ = expect(server, "it is approved", "POST", f"{path}/approve", 200)
    claim("by somebody", view["status"] == "approved" and view["decided_by"] == "loopback", view)


def artifacts(server, database):
    found = read(server, "/api/v1/artifacts?service_name=shop")
    files = found["artifacts"]
    claim("files belong to services", files and all(one["service"] == "shop" for one in files), files)
    first, second, third = files[:3]
    path = lambda one: f"/api/v1/artifacts/{one['id']}"
    read(server, path(first))
    expect(server, "a file can be read", "GET", f"{path(first)}/content", 200)
    claim("nothing like it is deployed", "deployed_content" not in read(server, f"{path(first)}/preview"))
    for tail in ("", "/content", "/preview"):
        expect(server, f"a file that is not there has no {tail}", "GET", f"/api/v1/artifacts/999999{tail}", 404)
    for verb in ("approve", "reject", "rollback"):
        expect(server, f"{verb} of nothing", "POST", f"/api/v1/artifacts/999999/{verb}", 404)
        expect(server, f"{verb} of an old revision", "POST", f"{path(first)}/{verb}", 412, If_Match='"99"')
    deploy = lambda status, ids, **more: expect(server, f"deploying {ids} gives {status}", "POST", "/api/v1/artifacts/deploy", status, {"artifacts": ids, **more})[0]
    view = deploy(403, [first["id"]])
    claim("what nobody approved does not go out", "require_approval" in view["detail"], view)
    expect(server, "a file is rejected", "POST", f"{path(third)}/reject", 200)
    deploy(409, [third["id"]])
    deploy(404, [999999])
    expect(server, "a draft is not rolled back", "POST", f"{path(first)}/rollback", 409)
    for one in (first, second):
        expect(server, "a file is approved", "POST", f"{path(one)}/approve", 200)
    claim("a dry run deploys nothing", not deploy(200, [first["id"]], dry_run=True)["deployed"])
    policy = read(server, "/api/v1/policy")
    expect(server, "an old policy is not replaced", "PUT", "/api/v1/policy", 412, policy, If_Match='"99"')
    expect(server, "half a policy is none", "PUT", "/api/v1/policy", 422, {"mode": "block"}, code="POLICY_INVALID")
    expect(server, "a policy allows one file", "PUT", "/api/v1/policy", 200, {**policy, "max_files": 1})
    view = deploy(403, [first["id"], second["id"]])
    claim("all files are judged as one change", "max_files" in view["detail"], view)
    for broken in ("'{'", "'{\"mode\": \"block\"}'", "'{\"mode\": \"audit\", \"max_services\": 1, \"max_files\": 1, \"require_approval\": true}'"):
        sql(database, f"UPDATE sloscout_policy SET document = {broken}")
        claim("without a readable policy nothing is deployed", deploy(503, [first["id"]])["error_code"] == "POLICY_UNREADABLE")
    sql(database, "DELETE FROM sloscout_policy")
    expect(server, "there is no policy", "GET", "/api/v1/policy", 404)
    deploy(503, [first["id"]])
    claim("all that failed left the file alone", server.call("GET", path(first))[1]["state"] == "approved")
    expect(server, "a policy is made", "PUT", "/api/v1/policy", 200, policy)
    view = deploy(200, [first["id"], second["id"]])
    claim("approved files are deployed", view["deployed"] and {one["state"] for one in view["artifacts"]} == {"deployed"}, view)
    for verb in ("approve", "reject"):
        expect(server, f"a deployed file: {verb}", "POST", f"{path(first)}/{verb}", 409)
    view, _ = expect(server, "a file is rolled back", "POST", f"{path(first)}/rollback", 200)
    claim("and says so", view["state"] == "rolled-back", view)
    claim("states can be asked for", server.call("GET", "/api/v1/artifacts?state=deployed")[1]["total_count"] == 1)


def dead_letters(server):
    """What the shipped job could not use: by reason, and without personal data."""
    view = read(server, "/api/v1/dead-letters?limit=200")
    counts = [one["count"] for one in view["groups"]]
    claim("all are counted by reason, the most frequent first", counts == sorted(counts, reverse=True) and sum(counts) == view["total_count"] > 0, view["groups"])
    first = view["groups"][0]
    found = server.call("GET", f"/api/v1/dead-letters?step={first['step']}&reason={first['reason']}&limit=3")[1]
    claim("those of a reason are found", found["total_count"] == first["count"] and all(
        (one["step"], one["reason"]) == (first["step"], first["reason"]) for one in found["dead_letters"]), found)
    claim("with their bytes and their place", all(one["record"] and one["source"] and one["offset"] >= 0 for one in found["dead_letters"]), found)
    claim("without e-mail addresses", not re.search(r"\w@\w+\.\w", json.dumps(view)))
    claim("what is not there is none", server.call("GET", "/api/v1/dead-letters?reason=none")[1]["total_count"] == 0)


def capsules(server, folder):
    view = read(server, "/api/v1/capsules/search?q=anything")
    claim("a search without capsules says so", not view["hits"] and "no capsules" in view["note"], view)
    view = read(server, "/api/v1/capsules?q=x")
    claim("without a job there are no capsules", view == {"capsules": [], "total_count": 0}, view)
    view = read(server, "/api/v1/dead-letters")
    claim("nor dead letters", view == {"dead_letters": [], "groups": [], "total_count": 0}, view)
    server.call("PUT", "/api/v1/jobs/capsules", document("capsules", folder / "capsules", records=5000))
    server.until("capsules are counted", "capsules", lambda view: view["status"]["phase"] == "finished")
    dead_letters(server)
    view = read(server, "/api/v1/capsules?limit=5")
    first = view["capsules"][0]
    claim("the most frequent come first", [one["count"] for one in view["capsules"]] == sorted((one["count"] for one in view["capsules"]), reverse=True), view)
    claim("with their counts over time", sum(one["count"] for one in first["windows"]) == first["count"] and first["severities"], first)
    word = max(first["template"].split(), key=len)
    found = server.call("GET", "/api/v1/capsules?q=" + "".join(f"%{byte:02x}" for byte in word.encode()))[1]
    claim(f"{word} is found", found["total_count"] >= 1 and all(word.lower() in one["template"].lower() for one in found["capsules"]), found)
    claim("a percent sign is one", server.call("GET", "/api/v1/capsules?q=%25%25%25%25")[1]["total_count"] == 0)
    narrow = server.call("GET", f"/api/v1/capsules?service={first['service']}&environment={first['environment']}&severity={first['severities'][0]['name']}&hours=24")[1]
    claim("filters narrow", 1 <= narrow["total_count"] <= view["total_count"], narrow)
    full = read(server, f"/api/v1/capsules/{first['fingerprint']}")["capsules"][0]
    claim("samples are there", 1 <= len(full["samples"]) <= 10 and full["samples"][0]["message"], full)
    expect(server, "a capsule that is not there", "GET", "/api/v1/capsules/none", 404)
    question = "".join(f"%{byte:02x}" for byte in first["template"].encode()[:400])
    view = read(server, f"/api/v1/capsules/search?q={question}&service={first['service']}&limit=3&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z")
    hit = view["hits"][0]
    claim("a template's own words find it first", (hit["fingerprint"], hit["services"]) == (first["fingerprint"], [first["service"]]), view)
    claim("a search without a model says why", view["method"] == "words" and view["note"] and len(view["hits"]) <= 3, view)
    expect(server, "no question", "GET", "/api/v1/capsules/search", 422)
    expect(server, "a time that is none", "GET", "/api/v1/capsules/search?q=x&from=yesterday", 422)


def walk(server, database, folder):
    analyze(server, "shop")
    checkout = journeys(server)
    errors = indicators(server, checkout)
    objectives(server, errors)
    artifacts(server, database)
    capsules(server, folder)
