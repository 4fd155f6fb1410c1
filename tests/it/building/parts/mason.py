"""Provisions the parts of a house. What a call does is told by the application's name: `fails-walls`
fails the first time for the part `walls`, `stale-walls` says that its plan does not hold, `holds-walls`
waits for a file before it is done, `keeps-walls` cannot be removed.

It writes each call into the folder given, a line of JSON for each, in the order they come.
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
    """Notes a call; how many of this activity there have been for this part."""
    path = FOLDER / "calls"
    keys = ("applicationId", "resourceName", "blueprint", "planId", "parameters", "parts", "resumeFrom")
    with open(path, "a") as file:
        file.write(json.dumps({"call": what, **{key: given[key] for key in keys}}) + "\n")
    mine = (given["applicationId"], what)
    calls = (json.loads(line) for line in path.read_text().splitlines())
    return sum((call["applicationId"], call["call"]) == mine for call in calls)


def part_of(given: dict) -> str:
    return given["applicationId"].rsplit("-", 1)[1]


VERBS = ("blurred", "fails", "holds", "keeps", "late", "moved", "stale", "talks")


def is_told(given: dict, verb: str) -> bool:
    """Does the name say so of this part: `fails-walls-keeps-roof`?"""
    said = None
    for word in given["applicationName"].split("-"):
        said = word if word in VERBS else said
        if said == verb and word == part_of(given):
            return True
    return False


async def until_told(given: dict, step: dict):
    while not (FOLDER / f"go-{given['applicationId']}").exists():
        activity.heartbeat(step)
        await asyncio.sleep(0.05)


@activity.defn
async def plan(given: dict):
    call = note("plan", given)
    if is_told(given, "blurred"):
        raise ApplicationError("The drawing is blurred", non_retryable=True)
    name = part_of(given) if not (is_told(given, "moved") and call > 1) else "elsewhere"
    return {
        "planId": f"{part_of(given)}-{call}",
        "counts": {"add": 2, "change": 0, "replace": 0, "remove": 0},
        "changes": [{"action": "add", "type": "Wall", "name": name}],
        "findings": [{"level": "warning", "text": f"{part_of(given)} faces north"}],
    }


@activity.defn
async def provision(given: dict):
    call = note("provision", given)
    activity.heartbeat({"step": 1, "of": 4, "label": "Mixing mortar"})
    if is_told(given, "holds"):
        await until_told(given, {"step": 3, "of": 4, "label": "Laying bricks"})
    if is_told(given, "fails") and call == 1:
        details = {"step": "Laying bricks", "cause": "No bricks left", "advice": "Buy some"}
        raise ApplicationError("No bricks left", details, non_retryable=True)
    if (is_told(given, "stale") or is_told(given, "moved")) and call == 1:
        raise ApplicationError("Somebody else was here", type="StalePlan", non_retryable=True)
    if is_told(given, "late") and call == 1:
        # So late that it may have begun.
        await asyncio.sleep(1.5)
        raise ApplicationError("Somebody else was here", type="StalePlan", non_retryable=True)
    outputs = {"name": given["resourceName"], "stands": part_of(given)}
    if is_told(given, "talks"):
        outputs["story"] = "x" * 100_000
    return {"applicationId": given["applicationId"], "region": given["region"], "outputs": outputs}


@activity.defn
async def destroy(given: dict):
    note("destroy", given)
    if is_told(given, "keeps"):
        raise ApplicationError("Somebody lives there", non_retryable=True)
    # What stands on another thing falls before that is touched.
    await asyncio.sleep(0.3)
    note("destroyed", given)


@activity.defn
async def discard(given: dict):
    note("discard", given)


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
        max_heartbeat_throttle_interval=timedelta(milliseconds=100),
        default_heartbeat_throttle_interval=timedelta(milliseconds=100),
    )
    await worker.run()


asyncio.run(main())
