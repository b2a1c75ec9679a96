// What is packaged loads in an editor's process and starts the server: with the least of the editor's interface that takes.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const root = new URL('..', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root)));

test('everything that the manifest names is there', () => {
  for (const name of [manifest.icon, manifest.main, manifest.contributes.languages[0].configuration]) {
    assert.ok(existsSync(new URL(name, root)), name);
  }
  // Width and height in the header of a PNG.
  const icon = readFileSync(new URL(manifest.icon, root));
  assert.deepEqual([icon.readUInt32BE(16), icon.readUInt32BE(20)], [128, 128]);
});

test('licences come along, those of what is bundled too', () => {
  assert.match(readFileSync(new URL('LICENSE.txt', root), 'utf8'), /Permission is hereby granted[\s\S]*Apache License/);
  const others = readFileSync(new URL('THIRD-PARTY.txt', root), 'utf8');
  assert.match(others, /^vscode-languageclient \S+ \(MIT\)/m);
});

test('the bundle needs nothing but the editor', () => {
  const require = createRequire(import.meta.url);
  const Module = require('node:module');
  // Whatever is asked of the editor is something that can be called, extended and asked further.
  const anything = () => {
    const target = class {};
    return new Proxy(target, {
      get: (_, name) => (name === 'prototype' ? target.prototype : name === Symbol.toPrimitive ? () => 0 : anything()),
      apply: () => anything(),
    });
  };
  const load = Module._load;
  Module._load = (name, ...rest) => {
    return name === 'vscode' ? anything() : load(name, ...rest);
  };
  try {
    const extension = require('../dist/extension.js');
    assert.equal(typeof extension.activate, 'function');
    assert.equal(typeof extension.deactivate, 'function');
  } finally {
    Module._load = load;
  }
  // What is loaded only later counts as well.
  const text = readFileSync(new URL('dist/extension.js', root), 'utf8');
  const asked = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name);
  assert.ok(asked.includes('vscode') && asked.includes('node:child_process'));
  assert.deepEqual(asked.filter((name) => name !== 'vscode' && !Module.isBuiltin(name)), []);
});

test('paths of the program may be written as people write them', () => {
  const { located } = createRequire(import.meta.url)('../program.js');
  assert.equal(located(' ', '/project'), 'nginx-wslint');
  assert.equal(located('nginx-wslint', '/project'), 'nginx-wslint');
  assert.equal(located('/opt/nginx-wslint', '/project'), '/opt/nginx-wslint');
  assert.equal(located('~/bin/nginx-wslint', '/project'), join(homedir(), 'bin/nginx-wslint'));
  assert.equal(located('${workspaceFolder}/bin/nginx-wslint', '/project'), '/project/bin/nginx-wslint');
  assert.equal(located('bin/nginx-wslint', '/project'), join('/project', 'bin/nginx-wslint'));
  assert.equal(located('bin/nginx-wslint', undefined), 'bin/nginx-wslint');
});
