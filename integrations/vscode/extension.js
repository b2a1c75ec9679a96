// Starts `nginx-wslint server` and leaves everything else to it.

const { window, workspace, commands } = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

async function start() {
  const settings = workspace.getConfiguration('nginxWslint');
  const command = settings.get('path') || 'nginx-wslint';
  const run = { command, args: ['server', ...settings.get('args', [])] };
  client = new LanguageClient('nginxWslint', 'nginx-wslint', run, {
    documentSelector: [
      { scheme: 'file', language: 'nginx' },
      { scheme: 'untitled', language: 'nginx' },
    ],
  });
  try {
    await client.start();
  } catch (error) {
    const open = 'Open settings';
    const text = `nginx-wslint could not be started as \`${command}\`: ${error.message}. Install it, or set nginxWslint.path.`;
    if ((await window.showErrorMessage(text, open)) === open) {
      await commands.executeCommand('workbench.action.openSettings', 'nginxWslint.path');
    }
  }
}

async function stop() {
  const old = client;
  client = undefined;
  // One that never started has nothing to stop.
  await old?.dispose().catch(() => {});
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand('nginxWslint.restart', restart),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('nginxWslint.path') || event.affectsConfiguration('nginxWslint.args')) {
        return restart();
      }
    }),
  );
  // Not awaited: an editor that waits for a message to be answered does nothing else.
  void start();
}

module.exports = { activate, deactivate: stop };
