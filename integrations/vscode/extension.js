// Starts `nginx-wslint server` when there is something to lint, and leaves everything else to it.

const { commands, env, languages, window, workspace } = require('vscode');
const { located, trouble } = require('./program');

// Some extensions call the language NGINX. Files in the other places are sites of nginx as often as not, though the
// editor does not take them for any; the server has nothing to say of those that are not.
const SELECTOR = [
  ...['nginx', 'NGINX'].flatMap((language) => ['file', 'untitled'].map((scheme) => ({ scheme, language }))),
  { scheme: 'file', pattern: '**/{conf.d,sites-available,sites-enabled}/*' },
];

let output;
let client;
// What could not be started is not tried again with every file that is opened.
let refused = false;
// Starts and stops happen one after the other: a client that is about to start cannot be stopped.
let turn = Promise.resolve();

function inTurn(work) {
  turn = turn.then(work).catch((error) => output.error(error));
  return turn;
}

const concerns = (document) => languages.match(SELECTOR, document) > 0;

async function start() {
  if (client || refused || !workspace.textDocuments.some(concerns)) return;
  const settings = workspace.getConfiguration('nginxWslint');
  const command = located(settings.get('path'), workspace.workspaceFolders?.[0]?.uri.fsPath);
  const args = settings.get('args');
  const wrong = await trouble(command, args);
  if (wrong) {
    refused = true;
    output.error(wrong.why);
    // Not awaited: it may stand there for hours.
    void complain(wrong);
    return;
  }
  // Loaded only now: this extension is woken for every plain text.
  const { LanguageClient } = require('vscode-languageclient/node');
  output.info(`Starting ${[command, 'server', ...args].join(' ')}`);
  const run = { command, args: ['server', ...args] };
  client = new LanguageClient('nginxWslint', 'nginx-wslint', run, { documentSelector: SELECTOR, outputChannel: output });
  // It tells of its failures itself.
  await client.start();
}

async function complain({ why, setting }) {
  const open = 'Open settings';
  if ((await window.showErrorMessage(why, open)) === open) {
    // Settings of the machine that the program runs on are not among the user's when that is another one (WSL, SSH).
    const level = env.remoteName ? 'openRemoteSettings' : 'openSettings';
    await commands.executeCommand(`workbench.action.${level}`, { query: `@id:${setting}` });
  }
}

async function stop() {
  const old = client;
  client = undefined;
  refused = false;
  // One that never ran has nothing to stop.
  await old?.dispose().catch(() => {});
}

const restart = () => inTurn(stop).then(() => inTurn(start));

function activate(context) {
  output = window.createOutputChannel('nginx-wslint', { log: true });
  context.subscriptions.push(
    output,
    commands.registerCommand('nginxWslint.restart', restart),
    commands.registerCommand('nginxWslint.showOutput', () => output.show()),
    commands.registerCommand('nginxWslint.fixAll', () =>
      commands.executeCommand('editor.action.codeAction', { kind: 'source.fixAll.nginxWslint', apply: 'first' }),
    ),
    workspace.onDidOpenTextDocument((document) => concerns(document) && inTurn(start)),
    workspace.onDidChangeConfiguration((event) => {
      if (['path', 'args'].some((name) => event.affectsConfiguration(`nginxWslint.${name}`))) return restart();
    }),
  );
  // Not awaited: an editor that waits for a program to start does nothing else.
  void inTurn(start);
}

module.exports = { activate, deactivate: () => inTurn(stop) };
