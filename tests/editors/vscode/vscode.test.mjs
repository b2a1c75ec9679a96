// A broken file from its findings to its repair, and what can be wrong with the settings, in Visual Studio Code.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { Editor } from './editor.mjs';

const { NGINX_WSLINT, EXAMPLES, SHOTS } = process.env;
const BROKEN = join(EXAMPLES, 'chat-app/broken.conf');
const FIXED = readFileSync(join(EXAMPLES, 'chat-app/fixed.conf'), 'utf8');
// Of another program, in a folder that nginx has, too.
const FOREIGN = '[program:app]\ncommand=/usr/bin/app\n';

let folder;
let editor;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sites-'));
  mkdirSync(join(folder, 'conf.d'));
  mkdirSync(join(folder, '.git'));
  for (const name of ['nginx.conf', 'saved-nginx.conf', 'conf.d/chat.conf']) cpSync(BROKEN, join(folder, name));
  writeFileSync(join(folder, 'conf.d/app.conf'), FOREIGN);
  editor = await Editor.start(folder, { 'nginxWslint.path': NGINX_WSLINT }, SHOTS);
});

after(async () => {
  await editor?.close();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(({ name }) => editor.shot(name.replaceAll(/\W+/g, '-')));

const path = (name) => join(folder, name);
const read = (name) => readFileSync(path(name), 'utf8');

test('findings are listed with their places and rules', async () => {
  await editor.open(path('nginx.conf'));
  const [, error, warning, ...others] = await editor.problems(2);
  assert.match(error, /`location \/ws` does not pass `Upgrade` on.*nginx-wslint.*missing-upgrade-header.*\[Ln 19, Col 13\]/);
  assert.match(error, /likely carries WebSockets: its path `\/ws` is a usual one for WebSockets$/);
  assert.match(warning, /missing-http-version.*\[Ln 19, Col 13\]/);
  assert.deepEqual(others, []);
});

test('the mouse over a location shows what is in effect there', async () => {
  const said = await editor.hover('location /ws {', '/ws', 'proxy_read_timeout');
  assert.match(said, /\/ws -> http:\/\/chat nginx\.conf:18/);
  assert.match(said, /proxy_http_version 1\.0 default; 1\.1 since nginx 1\.29\.7/);
});

test('the mouse over a finding shows its rule', async () => {
  await editor.line(19);
  await editor.keys('Control+k', 'Control+i');
  const said = await editor.hovering('What you see.');
  assert.match(said, /missing-upgrade-header/);
});

test('the quick fix of a finding is the safe repair', async () => {
  await editor.line(19);
  await editor.keys('Control+.');
  const menu = editor.page.locator('.action-widget .monaco-list-row');
  await menu.first().waitFor();
  const titles = (await menu.allInnerTexts()).map((title) => title.trim());
  assert.deepEqual(titles.filter((title) => title !== 'Quick Fix'), [
    'Pass `Upgrade` and `Connection` on',
    'Add `proxy_http_version 1.1;`',
    'Ignore missing-upgrade-header here, with a reason',
    'Ignore missing-http-version here, with a reason',
  ]);
  await editor.shot('menu');
  await editor.keys('Enter');
  const rows = (await editor.problems(2)).join('\n');
  assert.doesNotMatch(rows, /missing-upgrade-header/);
  await editor.line(1);
  await editor.keys('Control+s');
  await editor.until(() => read('nginx.conf').includes('proxy_set_header Connection $connection_upgrade;'), 'the file');
});

test('the command repairs the rest', async () => {
  await editor.command('Fix all WebSocket problems that can be fixed safely');
  await editor.problems(0);
  await editor.line(1);
  await editor.keys('Control+s');
  await editor.until(() => read('nginx.conf') === FIXED, 'the file as it should be');
});

test('saving repairs where the settings say so', async () => {
  editor.settings({ '[nginx]': { 'editor.codeActionsOnSave': { 'source.fixAll.nginxWslint': 'explicit' } } });
  await editor.open(path('saved-nginx.conf'));
  await editor.problems(2);
  await editor.line(1);
  await editor.keys('Enter', 'Control+s');
  await editor.until(() => read('saved-nginx.conf') === `\n${FIXED}`, 'the file as it should be');
});

test('sites count whatever the editor takes them for, and files of other programs do not', async () => {
  await editor.command('View: Close All Editors');
  await editor.open(path('conf.d/app.conf'));
  await editor.open(path('conf.d/chat.conf'));
  const rows = await editor.problems(2);
  assert.match(rows.join('\n'), /chat\.conf/);
  assert.doesNotMatch(rows.join('\n'), /app\.conf/);
});

test('a program that is not there is missed once, and taken when it comes', async () => {
  const missing = join(folder, 'nowhere/nginx-wslint');
  const told = editor.page.locator('.notification-list-item');
  editor.settings({ 'nginxWslint.path': missing });
  await told.filter({ hasText: `${missing} was not found. Install nginx-wslint, or say where it is.` }).waitFor();
  assert.equal(await told.count(), 1);
  await editor.page.waitForTimeout(500);
  await editor.shot('missing');
  await told.getByText('Open settings').click();
  await editor.page.locator('.settings-editor', { hasText: 'The program: a name' }).waitFor();
  await editor.shot('settings');
  await editor.problems(0);
  editor.settings({ 'nginxWslint.path': NGINX_WSLINT, 'nginxWslint.args': ['--pedantik'] });
  await told.filter({ hasText: "does not start: unexpected argument '--pedantik' found" }).waitFor();
  editor.settings({ 'nginxWslint.args': [] });
  await editor.problems(2);
});
