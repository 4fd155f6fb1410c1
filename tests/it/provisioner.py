"""A provisioner in another language: two activities on a task queue of its own.

What it does depends on the application's name, so that a test can choose.
Usage: provisioner.py ADDRESS TASK_QUEUE
"""

import asyncio
import datetime
import sys

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

tried = set()
destroyed = []


@activity.defn(name="build_site")
async def provision(request: dict):
    name = request["applicationName"]
    for step, label in enumerate(["Reserving a domain", "Uploading", "Switching on"], start=1):
        activity.heartbeat({"step": step, "of": 3, "label": label})
        await asyncio.sleep(0.3)
        if step == 2 and name == "fails-once" and name not in tried:
            tried.add(name)
            raise ApplicationError("the uploader is out of order", non_retryable=True)
        if step == 2 and name == "fails-always":
            raise ApplicationError("the uploader is broken for good", non_retryable=True)
    if name == "odd-result":
        return "done"
    return {
        "applicationId": request["applicationId"],
        "region": request["region"],
        "completionDateTime": datetime.datetime.now(datetime.timezone.utc).isoformat(),
        "summary": ["reserved a domain", "uploaded", "switched on"],
        "outputs": {"domain": f"{name}.example.com", "undone": destroyed},
    }


@activity.defn(name="remove_site")
async def destroy(request: dict):
    destroyed.append(request["applicationName"])


async def main(address: str, task_queue: str):
    client = await Client.connect(address)
    worker = Worker(
        client,
        task_queue=task_queue,
        activities=[provision, destroy],
        max_heartbeat_throttle_interval=datetime.timedelta(milliseconds=200),
    )
    await worker.run()


asyncio.run(main(*sys.argv[1:]))
