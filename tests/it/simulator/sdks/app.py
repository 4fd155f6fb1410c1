"""A small app on Slack's SDKs for Python, held against the simulated Slack.

    app.py http PORT | app.py socket

It prints `ready` once it can be reached.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

BASE = os.environ["SLACK_API_URL"] + "/"
client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=BASE)
client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
app = App(client=client, signing_secret=os.environ.get("SLACK_SIGNING_SECRET", "unused"))


def plain(text):
    return {"type": "plain_text", "text": text}


def form(channel):
    text = {"type": "plain_text_input", "action_id": "what"}
    who = {"type": "external_select", "action_id": "who", "min_query_length": 0}
    return {
        "type": "modal",
        "callback_id": "try",
        "title": plain("Try"),
        "submit": plain("Send"),
        "private_metadata": channel,
        "blocks": [
            {"type": "input", "block_id": "what", "label": plain("What"), "element": text},
            {"type": "input", "block_id": "who", "label": plain("Who"), "element": who},
        ],
    }


def code_of(call, **arguments):
    """The error code that a call raises."""
    try:
        call(**arguments)
    except SlackApiError as error:
        return error.response["error"]


@app.command("/provision")
def command(ack, body, client, respond):
    ack()
    if body["text"] != "report":
        client.views_open(trigger_id=body["trigger_id"], view=form(body["channel_id"]))
        return
    pages = [page["messages"] for page in client.conversations_history(channel=body["channel_id"], limit=2)]
    stranger = WebClient(token="xoxb-of-nobody", base_url=BASE)
    respond(
        " ".join(
            [
                client.users_info(user=body["user_id"])["user"]["real_name"],
                f"{sum(map(len, pages))}/{len(pages)}",
                code_of(client.chat_postMessage, channel="C0NOWHERE01", text="?"),
                code_of(client.views_open, trigger_id="1.2.3", view=form("")),
                code_of(stranger.auth_test),
                client.auth_test()["bot_id"],
            ]
        )
    )


@app.options("who")
def who(ack):
    ack(options=[{"text": plain("Bob"), "value": "U0AUTHORIZER"}])


@app.view("try")
def submitted(ack, body, view, client):
    values = view["state"]["values"]
    if values["what"]["what"]["value"] == "bad":
        ack(response_action="errors", errors={"what": "Not that"})
        return
    if values["what"]["what"]["value"] == "more":
        ack(response_action="push", view=form("pushed"))
        return
    ack()
    person = values["who"]["who"]["selected_option"]["value"]
    dm = client.conversations_open(users=person)["channel"]["id"]
    button = {"type": "button", "action_id": "done", "text": plain("Done"), "value": "7"}
    blocks = [{"type": "actions", "block_id": "row", "elements": [button]}]
    client.chat_postMessage(channel=dm, text=f"For you from {body['user']['id']}", blocks=blocks)
    client.chat_postMessage(channel=view["private_metadata"], text="Sent")


@app.action("done")
def done(ack, body, client):
    ack()
    value = body["actions"][0]["value"]
    client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=f"Done {value}", blocks=[])


class Http(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name: [value] for name, value in self.headers.items()}
        answer = app.dispatch(BoltRequest(body=body, headers=headers))
        said = answer.body.encode()
        self.send_response(answer.status)
        for name, values in answer.headers.items():
            for value in values:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


if sys.argv[1] == "socket":
    # Pings often, so that it soon misses a socket that broke.
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"], ping_interval=1).connect()
    print("ready", flush=True)
else:
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Http)
    print("ready", flush=True)
    server.serve_forever()
sys.stdin.read()
