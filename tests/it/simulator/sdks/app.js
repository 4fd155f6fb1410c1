// The same small app on Slack's SDKs for JavaScript:
//
//     app.js http PORT | app.js socket
//
// It prints `ready` once it can be reached.

const { App } = require('@slack/bolt');
const { WebClient } = require('@slack/web-api');

const [mode, port] = process.argv.slice(2);
const slackApiUrl = `${process.env.SLACK_API_URL}/`;
const paths = ['/slack/commands', '/slack/interactions', '/slack/options', '/slack/events'];
const app = new App({
  token: process.env.SLACK_BOT_TOKEN,
  clientOptions: { slackApiUrl },
  ...(mode === 'socket'
    ? { socketMode: true, appToken: process.env.SLACK_APP_TOKEN }
    : { signingSecret: process.env.SLACK_SIGNING_SECRET, endpoints: paths }),
});

const plain = (text) => ({ type: 'plain_text', text });
const input = (id, element) => ({ type: 'input', block_id: id, label: plain(id), element: { ...element, action_id: id } });
const form = (channel) => ({
  type: 'modal',
  callback_id: 'try',
  title: plain('Try'),
  submit: plain('Send'),
  private_metadata: channel,
  blocks: [
    input('what', { type: 'plain_text_input' }),
    input('who', { type: 'external_select', min_query_length: 0 }),
  ],
});
/** The error code that a call throws. */
const codeOf = (call) => call.then(() => 'none', (error) => error.data.error);

app.command('/provision', async ({ ack, body, client, respond }) => {
  await ack();
  if (body.text !== 'report') {
    await client.views.open({ trigger_id: body.trigger_id, view: form(body.channel_id) });
    return;
  }
  let [messages, pages] = [0, 0];
  for await (const page of client.paginate('conversations.history', { channel: body.channel_id, limit: 2 })) {
    messages += page.messages.length;
    pages += 1;
  }
  const stranger = new WebClient('xoxb-of-nobody', { slackApiUrl });
  await respond([
    (await client.users.info({ user: body.user_id })).user.real_name,
    `${messages}/${pages}`,
    await codeOf(client.chat.postMessage({ channel: 'C0NOWHERE01', text: '?' })),
    await codeOf(client.views.open({ trigger_id: '1.2.3', view: form('') })),
    await codeOf(stranger.auth.test()),
    (await client.auth.test()).bot_id,
  ].join(' '));
});

app.options('who', ({ ack }) => ack({ options: [{ text: plain('Bob'), value: 'U0AUTHORIZER' }] }));

app.view('try', async ({ ack, body, view, client }) => {
  const { what, who } = view.state.values;
  if (what.what.value === 'bad') return ack({ response_action: 'errors', errors: { what: 'Not that' } });
  if (what.what.value === 'more') return ack({ response_action: 'push', view: form('pushed') });
  await ack();
  const dm = (await client.conversations.open({ users: who.who.selected_option.value })).channel.id;
  const button = { type: 'button', action_id: 'done', text: plain('Done'), value: '7' };
  const blocks = [{ type: 'actions', block_id: 'row', elements: [button] }];
  await client.chat.postMessage({ channel: dm, text: `For you from ${body.user.id}`, blocks });
  await client.chat.postMessage({ channel: view.private_metadata, text: 'Sent' });
});

app.action('done', async ({ ack, body, client }) => {
  await ack();
  const text = `Done ${body.actions[0].value}`;
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text, blocks: [] });
});

app.start(Number(port)).then(() => console.log('ready'));
// Whoever started it is gone.
process.stdin.resume().on('end', () => process.exit());
