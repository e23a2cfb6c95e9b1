'use strict';

// Loads the namespaces of a prebuilt CDKTF provider on first use.
//
// The index of @cdktf/provider-aws requires more than two thousand modules, of
// which a stack uses a handful; compiling the rest is most of what a synth
// costs. This hook stands in front of the CommonJS loader for that one file and
// gives its exports as getters. Every other module, and an index that is not
// written exactly as the TypeScript compiler writes it, goes to the stock
// loader untouched: the hook may save time, it may never change a result.

const INSTALLED = Symbol.for('aegis.lazyload.installed');
const INDEX = /[\\/]@cdktf[\\/]provider-[^\\/]+[\\/]lib[\\/]index\.js$/;

const INDEXER = /[\\/]runtime-index-worker\.js$/;
const INDEXER_LIMIT_MS = 60_000;

// The option that loads this file, as it is added to the end of NODE_OPTIONS.
const OPTION = / ?--require "(?:[^"\\]|\\.)*hook\.cjs"$/;

// The statements tsc emits for `export * as name from './module'`, and comments.
// The groups are the names of a "void 0" chain, then the name and the request
// of a require.
const NAME = '[A-Za-z_$][\\w$]*';
const STATEMENT = new RegExp(
  [
    '\\s+',
    '//.*',
    '/\\*[^]*?\\*/',
    '"use strict";',
    '(Object\\.defineProperty\\(exports, "__esModule", \\{ value: true \\}\\);)',
    `((?:exports\\.${NAME} = )+)void 0;`,
    `exports\\.(${NAME}) = require\\("(\\./[^"\\\\\\n]+)"\\);`,
  ].join('|'),
  'y',
);

// parse returns the namespaces of an index as a Map of name to request, in the
// order in which the stock file would create the properties; null if the source
// holds anything that is not expected.
function parse(source) {
  const order = new Set();
  const requests = new Map();
  let esModule = 0;
  for (let at = 0; at < source.length; at = STATEMENT.lastIndex) {
    STATEMENT.lastIndex = at;
    const match = STATEMENT.exec(source);
    if (match === null) return null;
    const [, marker, chain, name, request] = match;
    if (marker !== undefined) {
      esModule += 1;
    } else if (chain !== undefined) {
      // An assignment chain runs from right to left.
      const names = chain.split(' = ').slice(0, -1).reverse();
      for (const entry of names) order.add(entry.slice('exports.'.length));
    } else if (name !== undefined) {
      if (requests.has(name)) return null;
      requests.set(name, request);
      order.add(name);
    }
  }
  if (esModule !== 1 || requests.size === 0 || order.has('__proto__')) return null;
  const namespaces = new Map();
  for (const name of order) {
    if (!requests.has(name)) return null;
    namespaces.set(name, requests.get(name));
  }
  return namespaces;
}

// settle makes name the plain property that the stock file would have made.
function settle(exports, name, value) {
  Object.defineProperty(exports, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

// lazyExports returns an exports object with a getter for each namespace. It
// goes through module.require, so that the module cache and the parent of a
// module are what they are without the hook.
function lazyExports(module, namespaces) {
  const exports = {};
  const properties = { __esModule: { value: true } };
  for (const [name, request] of namespaces) {
    properties[name] = {
      enumerable: true,
      configurable: true,
      get() {
        const value = module.require(request);
        settle(exports, name, value);
        return value;
      },
      set(value) {
        settle(exports, name, value);
      },
    };
  }
  return Object.defineProperties(exports, properties);
}

// load reports whether it has loaded the index; if not, module is untouched.
function load(fs, module, filename) {
  try {
    const namespaces = parse(fs.readFileSync(filename, 'utf8'));
    if (namespaces === null) return false;
    module.exports = lazyExports(module, namespaces);
    return true;
  } catch {
    return false;
  }
}

// forget removes the hook from the options that child processes inherit: they
// load no providers, and the file may be gone by then. jsii-runtime.js is the
// exception, as it starts the kernel proper.
function forget() {
  const options = process.env.NODE_OPTIONS;
  if (options === undefined || /[\\/]jsii-runtime\.js$/.test(process.argv[1])) return;
  process.env.NODE_OPTIONS = options.replace(OPTION, '');
}

// waitForIndexer lets the kernel finish the index of a package's types before
// it exits. The kernel builds it on a worker thread when it has just unpacked a
// package, some seconds of work for the AWS provider, and kills the thread when
// it is told to exit. Without the hook the synth is slow enough for the thread
// to win; with it no run would ever have the index, and every run would parse
// the whole description of the provider instead.
function waitForIndexer(threads) {
  const pending = new Set();
  const exit = process.exit;
  threads.Worker = new Proxy(threads.Worker, {
    construct(Worker, args, target) {
      const [file, options] = args;
      if (!INDEXER.test(String(file))) return Reflect.construct(Worker, args, target);
      // A worker inherits --require, but the file may be gone.
      const worker = Reflect.construct(Worker, [file, { execArgv: [], ...options }], target);
      pending.add(worker);
      worker.once('exit', () => pending.delete(worker));
      return worker;
    },
  });
  process.exit = function (code) {
    if (code || pending.size === 0) return exit.call(process, code);
    const leave = () => exit.call(process, code);
    setTimeout(leave, INDEXER_LIMIT_MS);
    for (const worker of pending) {
      worker.once('exit', () => pending.size === 0 && leave());
    }
    return undefined;
  };
}

function install() {
  const threads = require('worker_threads');
  // A worker thread inherits --require, and loads no provider.
  if (!threads.isMainThread) return;
  const Module = require('module');
  const fs = require('fs');
  const stock = Module._extensions['.js'];
  if (typeof stock !== 'function' || Module[INSTALLED]) return;
  Object.defineProperty(Module, INSTALLED, { value: true });
  forget();
  waitForIndexer(threads);
  Module._extensions['.js'] = function (module, filename) {
    if (INDEX.test(filename) && load(fs, module, filename)) return undefined;
    return stock.apply(this, arguments);
  };
}

try {
  install();
} catch {
  // Without the hook everything works, only slower.
}
