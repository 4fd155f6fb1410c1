"""A provisioner of strangers: Python, a task queue and activity names of its own.

What it does is told by the application's name. It writes each call into the
folder given, and waits there for a file where a test wants to look first.
"""

import asyncio
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
    """Notes a call; how many of them there have been."""
    with open(FOLDER / f"{what}-{given['applicationId']}", "a") as file:
        file.write("x")
    return (FOLDER / f"{what}-{given['applicationId']}").stat().st_size


@activity.defn
async def paint(given: dict):
    call = note("paint", given)
    name = given["applicationName"]
    activity.heartbeat({"step": 1, "of": 3, "label": "Buying paint"})
    if name.startswith("breaks") and call == 1:
        raise ApplicationError(
            "The brush broke", {"step": "Painting", "advice": "Buy a new brush"}, non_retryable=True
        )
    if name.startswith("odd"):
        return "painted"
    if name.startswith("slow"):
        activity.heartbeat({"step": 2, "of": 3, "label": "Painting the walls"})
        while not (FOLDER / f"go-{given['applicationId']}").exists():
            await asyncio.sleep(0.05)
    if name.startswith("mumbles"):
        activity.heartbeat("half way", 2)
    return {
        "applicationId": given["applicationId"],
        "region": given["region"],
        "completionDateTime": "2026-11-24T10:00:00Z",
        "summary": ["painted the walls"],
        "outputs": {"colour": "green", "walls": 4, "url": "https://paint.example.com/wall"},
    }


@activity.defn
async def strip(given: dict):
    note("strip", given)
    return {"removed": True}


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
        activities=[paint, strip],
        # What is told reaches the server at once.
        max_heartbeat_throttle_interval=timedelta(milliseconds=100),
        default_heartbeat_throttle_interval=timedelta(milliseconds=100),
    )
    await worker.run()


asyncio.run(main())
