#!/usr/bin/env node
// Front door of every package script: `node tools/run.cjs TASK [args]`.
// This file and tools/launcher/*.cjs keep to the syntax of Node 12, because they have to start on whatever Node is
// installed: they find one that is new enough and hand over to tools/tasks.mjs.
'use strict';

const path = require('path');
const { finish, run, say } = require('./launcher/child.cjs');
const { findNode } = require('./launcher/node.cjs');

async function main() {
  const node = await findNode();
  const env = Object.assign({}, process.env);
  if (node !== process.execPath) {
    env.PATH = path.dirname(node) + path.delimiter + (process.env.PATH || '');
    env.npm_node_execpath = node;
    env.NODE = node;
  }
  const tasks = path.join(__dirname, 'tasks.mjs');
  return run(node, [tasks].concat(process.argv.slice(2)), { env });
}

main().then(finish, (error) => {
  say(error.message);
  process.exitCode = 1;
});
