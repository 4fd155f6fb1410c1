"""A provisioner that says what it would do, before it does it.

What it does is told by the application's name. It writes each call into the folder given, a
line of JSON for each, and waits there for a file where a test wants to look first.
"""

import asyncio
import json
import os
import sys
import threading
from datetime import timedelta
from pathlib import Path

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

ADDRESS, QUEUE, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])


def note(what: str, given: dict) -> int:
    """Notes a call; how many of this activity there have been."""
    path = FOLDER / given["applicationId"]
    told = {key: given[key] for key in ("planId", "region", "profile", "parameters")}
    with open(path, "a") as file:
        file.write(json.dumps({"call": what, **told}) + "\n")
    return sum(json.loads(line)["call"] == what for line in path.read_text().splitlines())


async def until_told(given: dict, what: str):
    while not (FOLDER / f"{what}-{given['applicationId']}").exists():
        await asyncio.sleep(0.05)
        activity.heartbeat({"step": 2, "of": 3, "label": "Asking the cloud"})


@activity.defn
async def plan(given: dict):
    call = note("plan", given)
    name = given["applicationName"]
    if name.startswith("breaks"):
        raise ApplicationError("The template has no resources", non_retryable=True)
    if name.startswith("odd"):
        return {"planId": 7}
    if name.startswith("huge"):
        return {"planId": "p", "changes": [{"action": "add", "name": "x" * (256 * 1024)}]}
    if name.startswith("slow") or (name.startswith("crawls") and call > 1):
        activity.heartbeat({"step": 2, "of": 3, "label": "Asking the cloud"})
        await until_told(given, "go")
    other = name.startswith("moved") and call > 1
    findings = [{"level": "warning", "text": "It is <!channel> public"}]
    if name.startswith("blocked") and call == 1:
        findings.append({"level": "blocking", "text": "The budget is used up"})
    changes = [{"action": "add", "type": "Wall", "name": f"wall-{number}"} for number in range(12)]
    if other:
        changes.append({"action": "remove", "type": "Database", "name": "customers"})
    return {
        "planId": f"{given['region']}-{call}",
        "counts": {"add": 12, "change": 0, "replace": 0, "remove": 1 if other else 0},
        "changes": changes,
        "findings": findings,
        "link": "https://plans.example.com/1",
        "monthlyCost": "12 EUR",
        "new": ["is not looked at"],
    }


@activity.defn
async def provision(given: dict):
    call = note("provision", given)
    name = given["applicationName"]
    stale = {"moved": 1, "same": 1, "crawls": 1, "never": 4}.get(name.split("-")[0], 0)
    if call <= stale:
        raise ApplicationError("Somebody else was here", type="StalePlan", non_retryable=True)
    if name.startswith("fails") and call == 1:
        raise ApplicationError("The brush broke", non_retryable=True)
    return {"applicationId": given["applicationId"], "region": given["region"], "outputs": {"planId": given["planId"]}}


@activity.defn
async def destroy(given: dict):
    note("destroy", given)


@activity.defn
async def discard(given: dict):
    note("discard", given)
    if "keeps" in given["applicationName"]:
        raise ApplicationError("The stack is not ours", non_retryable=True)
    if "lingers" in given["applicationName"]:
        await until_told(given, "gone")


def end_with_the_test():
    """Its end closes our standard input, however it ends."""
    sys.stdin.read()
    os._exit(0)


async def main():
    threading.Thread(target=end_with_the_test, daemon=True).start()
    client = await Client.connect(ADDRESS, namespace=os.environ["TEMPORAL_NAMESPACE"])
    worker = Worker(
        client,
        task_queue=QUEUE,
        activities=[plan, provision, destroy, discard],
        # What is told reaches the server at once.
        max_heartbeat_throttle_interval=timedelta(milliseconds=100),
        default_heartbeat_throttle_interval=timedelta(milliseconds=100),
    )
    await worker.run()


asyncio.run(main())
