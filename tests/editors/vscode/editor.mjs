// Visual Studio Code with the packaged extension, used as a person uses it: its server from the package `code-server`, its
// window in headless Chromium. Everything waits for something to be seen, and not for ever.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PATIENCE = 45_000;
const SERVER = join(process.env.VSCODE_SERVER, 'out/server-main.js');
// Chromium speaks to nobody but the editor.
const ALONE = [
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

export class Editor {
  // Opens `folder`, whose files are there already, with settings of the user.
  static async start(folder, settings, shots) {
    const editor = new Editor();
    editor.home = mkdtempSync(join(tmpdir(), 'vscode-'));
    editor.shots = shots;
    mkdirSync(shots, { recursive: true });
    editor.settings({ ...QUIET, ...settings });
    try {
      editor.run(['--install-extension', process.env.VSIX]);
      const port = await editor.serve();
      const options = { executablePath: process.env.CHROMIUM, args: ALONE, viewport: { width: 1280, height: 800 } };
      editor.browser = await chromium.launchPersistentContext(join(editor.home, 'chromium'), options);
      editor.page = editor.browser.pages()[0];
      editor.page.setDefaultTimeout(PATIENCE);
      await editor.page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
      await editor.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
      return editor;
    } catch (error) {
      await editor.close();
      throw error;
    }
  }

  get arguments() {
    return ['--server-data-dir', this.home, '--accept-server-license-terms', '--telemetry-level', 'off'];
  }

  // Nothing of the user's is read or written.
  get environment() {
    return { ...process.env, HOME: this.home, XDG_CONFIG_HOME: this.home, XDG_CACHE_HOME: this.home };
  }

  run(args) {
    const options = { env: this.environment, encoding: 'utf8', timeout: 4 * PATIENCE };
    const done = spawnSync(process.execPath, [SERVER, ...this.arguments, ...args], options);
    if (done.status !== 0) throw new Error(`${args.join(' ')}: ${done.stdout}${done.stderr}`);
  }

  // Starts the server on a free port, which it tells.
  serve() {
    const where = ['--host', '127.0.0.1', '--port', '0', '--without-connection-token'];
    // A group of its own, so that it ends with all that it started; and it does, should nobody be left to end it.
    const command = ['--kill-after=5', '600', process.execPath, SERVER, ...this.arguments, ...where];
    const stdio = ['ignore', 'pipe', 'ignore'];
    this.server = spawn('timeout', command, { env: this.environment, detached: true, stdio });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the server of Visual Studio Code does not start')), PATIENCE);
      let said = '';
      this.server.stdout.on('data', (text) => {
        said += text;
        const port = said.match(/listening on (\d+)/)?.[1];
        if (port) {
          clearTimeout(late);
          resolve(port);
        }
      });
    });
  }

  async close() {
    await this.browser?.close().catch(() => {});
    try {
      if (this.server) process.kill(-this.server.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  // Writes the settings of the user and of the machine: some count only in the former, and only the latter are watched.
  settings(all) {
    this.all = { ...this.all, ...all };
    for (const level of ['User', 'Machine']) {
      mkdirSync(join(this.home, 'data', level), { recursive: true });
      writeFileSync(join(this.home, 'data', level, 'settings.json'), JSON.stringify(this.all));
    }
  }

  async keys(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  // Chooses in the list that a key opens at the top, by what is typed.
  async choose(key, text, row = '') {
    const { page } = this;
    await this.keys('Escape', key);
    await page.locator('.quick-input-widget input').first().waitFor();
    await page.keyboard.type(text);
    const found = page.locator('.quick-input-list .monaco-list-row', { hasText: row });
    await found.first().click();
    await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  command(title) {
    return this.choose('F1', title, title);
  }

  async open(path) {
    const name = path.split('/').at(-1);
    await this.choose('Control+P', path, name);
    await this.page.locator('.tab.active', { hasText: name }).waitFor();
    await this.page.locator('.monaco-editor .view-line').first().waitFor();
  }

  // A word in a line of the text, both by what they contain.
  async word(line, word) {
    const found = this.page.locator('.monaco-editor .view-line', { hasText: spaced(line) }).first();
    const text = (await found.textContent()).replaceAll('\u00a0', ' ');
    const box = await found.locator('> span').first().boundingBox();
    const each = box.width / text.length;
    return { x: box.x + each * (text.indexOf(word) + word.length / 2), y: box.y + box.height / 2 };
  }

  // Puts the cursor at the begin of the words of a line.
  async line(number) {
    await this.choose('Control+g', `${number}`);
    await this.keys('Home');
  }

  // What the editor says of a word that the mouse rests on.
  async hover(line, word, expected) {
    const { x, y } = await this.word(line, word);
    await this.page.mouse.move(x - 3, y);
    await this.page.mouse.move(x, y);
    return this.hovering(expected);
  }

  async hovering(expected) {
    const box = this.page.locator('.monaco-resizable-hover', { hasText: expected });
    await box.waitFor();
    return spaceless(await box.innerText());
  }

  // The rows of the panel of problems, once there are so many problems.
  async problems(count) {
    const bar = this.page.locator('[id="status.problems"]');
    const numbers = async () => (await bar.innerText()).match(/\d+/g)?.map(Number) ?? [];
    await this.until(async () => (await numbers()).reduce((sum, one) => sum + one, 0) === count, `${count} problems`);
    await this.command('Problems: Focus on Problems View');
    return (await this.page.locator('.markers-panel .monaco-list-row').allInnerTexts()).map(spaceless);
  }

  async until(test, what) {
    const end = Date.now() + PATIENCE;
    while (!(await test())) {
      if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
      await this.page.waitForTimeout(100);
    }
  }

  async shot(name) {
    await this.page?.screenshot({ path: join(this.shots, `${name}.png`) });
  }
}

// What would get in the way of the keys.
const QUIET = {
  'security.workspace.trust.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.colorTheme': 'Default Dark Modern',
  'files.autoSave': 'off',
  'extensions.autoCheckUpdates': false,
  'git.enabled': false,
};

// The editor writes blanks that do not break.
const spaced = (text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '[ \u00a0]'));
const spaceless = (text) => text.replace(/[\s\u00a0]+/g, ' ').trim();
