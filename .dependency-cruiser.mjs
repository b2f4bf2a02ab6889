// Which file may import which: the floors of the house, faces only, Nest at the rim. Held by test/architecture/imports.test.ts.

/** Rooms by floor, lowest first. A room imports only from floors below it. */
export const FLOORS = [
  ['libs/ports'],
  ['libs/resilience', 'libs/config'],
  ['libs/records', 'libs/privacy', 'libs/onnx'],
  ['libs/crypto', 'libs/embeddings', 'libs/vector-stores', 'libs/rerankers', 'libs/auth', 'libs/observability'],
  ['libs/cache', 'libs/usage', 'libs/retrieval'],
  ['libs/query', 'libs/proxy', 'libs/sdk'],
  ['libs/gateway'],
  ['apps/server', 'apps/proxy', 'apps/cli', 'apps/console'],
];

const NEST = '(^|node_modules/)(@nestjs/|nestjs-|@willsoto/)';
const RIM = '\\.module\\.ts$|\\.service\\.ts$|^libs/gateway/|^libs/sdk/src/nest\\.ts$|^apps/';

/** One rule a room: nothing from its own floor, nor from those above. */
const floorRules = FLOORS.flatMap((rooms, floor) =>
  rooms.map((room) => {
    const outOfReach = FLOORS.slice(floor)
      .flat()
      .filter((other) => other !== room);
    return {
      name: `floors: ${room}`,
      comment: `${room} imports only from floors below ${floor}.`,
      severity: 'error',
      from: { path: `^${room}/src/` },
      to: { path: `^(${outOfReach.join('|')})/` },
    };
  }),
);

export default {
  forbidden: [
    ...floorRules,
    {
      name: 'no cycle',
      comment: 'A cycle has no bottom to be read from. Imports of types count.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'faces only',
      comment: 'A room is entered by #name or #name/module; what lies behind them is its own.',
      severity: 'error',
      from: { path: '^(libs|apps|test|bench|scripts)/([^/]+)' },
      to: {
        path: '^libs/([^/]+)/',
        pathNot: ['^$1/$2/', '^libs/[^/]+/src/index\\.ts$', '^libs/([^/]+)/src/[^/]+\\.module\\.ts$'],
      },
    },
    {
      name: 'Nest at the rim',
      comment: 'The engine runs without Nest: only modules, services, the gateway, sdk/nest and the apps import it.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/', pathNot: RIM },
      to: { path: NEST },
    },
    {
      name: 'faces without Nest',
      comment: 'Whoever imports #name must not load Nest with it: modules are the second face.',
      severity: 'error',
      from: { path: '^libs/[^/]+/src/index\\.ts$', pathNot: '^libs/gateway/' },
      to: { path: NEST, reachable: true },
    },
    {
      name: 'product apart from its tools',
      comment: 'What ships does not import tests, measurements or scripts.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/' },
      to: { path: '^(test|bench|scripts)/|^(libs|apps)/[^/]+/test/' },
    },
    {
      name: 'declared packages',
      comment: 'What ships imports only packages that package.json installs with it.',
      severity: 'error',
      from: { path: '^(libs|apps)/[^/]+/src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.cjs', '.d.ts', '.json'],
    },
  },
};
