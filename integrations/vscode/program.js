// The program that the settings name: where it is, and whether it can be started as they say.

const { execFile } = require('node:child_process');
const { homedir } = require('node:os');
const { isAbsolute, join } = require('node:path');

// How long a program may take to say what `server` is for. One that waits for something else is another program.
const PATIENCE = 10_000;

// `~` and `${workspaceFolder}` stand for what they stand for elsewhere in settings; a relative path starts in the folder
// that is open. A name without a folder is looked for in `PATH`.
function located(setting, folder) {
  let command = setting.trim() || 'nginx-wslint';
  if (folder) command = command.replaceAll('${workspaceFolder}', folder);
  if (/^~[\\/]/.test(command)) command = join(homedir(), command.slice(2));
  return folder && /[\\/]/.test(command) && !isAbsolute(command) ? join(folder, command) : command;
}

// Why it cannot be started so, and the setting that may be to blame; nothing if it can.
function trouble(command, args) {
  return new Promise((resolve) => {
    const asked = ['server', ...args, '--help'];
    execFile(command, asked, { timeout: PATIENCE, windowsHide: true }, (error, _, stderr) => {
      if (!error) return resolve(undefined);
      const path = 'nginxWslint.path';
      if (error.code === 'ENOENT') {
        const where = /[\\/]/.test(command) ? '' : ' in PATH';
        return resolve({ setting: path, why: `${command} was not found${where}. Install nginx-wslint, or say where it is.` });
      }
      if (error.killed) return resolve({ setting: path, why: `${command} does not answer.` });
      const said = stderr.split('\n').find((line) => line.trim() !== '');
      // A program that ran and refused was found; what it was told is wrong.
      const setting = typeof error.code === 'number' && args.length > 0 ? 'nginxWslint.args' : path;
      resolve({ setting, why: `${command} does not start: ${said?.replace(/^error: /, '') ?? error.code ?? error.signal}` });
    });
  });
}

module.exports = { located, trouble };
