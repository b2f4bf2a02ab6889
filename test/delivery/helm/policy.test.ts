// Every pod of every value set keeps PodSecurity `restricted` and the house rules.
import { expect, test } from 'vitest';
import { type Container, manifestsOf, type Pod, podsOf, VALUE_SETS } from './charts.js';

const SETS = [...VALUE_SETS, undefined];
/** https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

interface Rule {
  says: string;
  /** What breaks it. */
  breaches: (pod: Pod, container: Container) => unknown[];
  /** A way to break it: a rule that finds nothing wrong here finds nothing anywhere. */
  spoil: (pod: Pod, container: Container) => void;
}

const found = (broken: boolean, what: unknown = 'broken') => (broken ? [what] : []);

const RULES: Rule[] = [
  {
    says: 'runs as a user that is not root',
    breaches: ({ spec: { securityContext: s } }) =>
      found(s?.runAsNonRoot !== true || !(s.runAsUser >= 900) || !(s.runAsGroup >= 900), s),
    spoil: ({ spec }) => {
      spec.securityContext.runAsUser = 0;
    },
  },
  {
    says: 'keeps to the system calls of the runtime',
    breaches: ({ spec }) => found(spec.securityContext?.seccompProfile?.type !== 'RuntimeDefault'),
    spoil: ({ spec }) => void delete spec.securityContext.seccompProfile,
  },
  {
    says: 'cannot gain privileges, has no capabilities, and writes to no image',
    breaches: (_, { securityContext: s }) =>
      found(
        JSON.stringify(s) !==
          JSON.stringify({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          }),
        s,
      ),
    spoil: (_, { securityContext }) => {
      securityContext.readOnlyRootFilesystem = false;
    },
  },
  {
    says: 'has no token of Kubernetes',
    breaches: ({ spec }) => found(spec.automountServiceAccountToken !== false),
    spoil: ({ spec }) => void delete spec.automountServiceAccountToken,
  },
  {
    says: 'is told nothing of other services by variables',
    breaches: ({ spec }) => found(spec.enableServiceLinks !== false),
    spoil: ({ spec }) => {
      spec.enableServiceLinks = true;
    },
  },
  {
    says: 'shares nothing with its node',
    breaches: ({ spec }, { ports = [] }) => [
      ...found(spec.hostNetwork || spec.hostPID || spec.hostIPC),
      ...(spec.volumes ?? []).flatMap((one) =>
        Object.keys(one).filter((key) => key !== 'name' && !VOLUMES.includes(key)),
      ),
      ...ports.filter((port) => 'hostPort' in port),
    ],
    spoil: ({ spec }) => {
      spec.volumes = [{ name: 'node', hostPath: { path: '/' } }];
    },
  },
  {
    says: 'has a bound on its memory, and asks for what it needs',
    breaches: (_, { resources: r }) => found(!r?.limits?.memory || !r.requests?.memory || !r.requests?.cpu, r),
    spoil: (_, { resources }) => void delete resources.limits,
  },
  {
    says: 'has bounds on what it writes to its node',
    breaches: ({ spec }) => (spec.volumes ?? []).filter(({ emptyDir }) => emptyDir && !emptyDir.sizeLimit),
    spoil: ({ spec }) => {
      spec.volumes = [{ name: 'tmp', emptyDir: {} }];
    },
  },
  {
    says: 'is of a named version of its image',
    breaches: (_, { image }) => found(!/(:(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image), image),
    spoil: (_, container) => {
      container.image = 'resk-caching:latest';
    },
  },
  {
    says: 'is probed in every way for as long as it serves',
    breaches: ({ lasting }, container) =>
      lasting ? ['startupProbe', 'livenessProbe', 'readinessProbe'].filter((probe) => !(probe in container)) : [],
    spoil: (pod, container) => {
      pod.lasting = true;
      delete container.livenessProbe;
    },
  },
  {
    says: 'carries the labels that Kubernetes recommends',
    breaches: ({ labels }) =>
      ['name', 'instance', 'version', 'managed-by', 'part-of'].filter((name) => !labels[`app.kubernetes.io/${name}`]),
    spoil: ({ labels }) => void delete labels['app.kubernetes.io/version'],
  },
  {
    says: 'holds no secret in clear',
    breaches: (_, { env = [] }) =>
      env.filter(
        ({ name, value }) => /SECRET|PASSWORD|TOKEN|_KEY$/.test(name) && value !== undefined && !value.startsWith('/'),
      ),
    spoil: (_, container) => {
      container.env = [{ name: 'JWT_SECRET', value: 'in clear' }];
    },
  },
  {
    says: 'runs no shell, for there is none in the image',
    breaches: (_, container) => JSON.stringify(container).match(/"(\/bin\/)?(sh|bash|ash|curl|wget)"/g) ?? [],
    spoil: (_, container) => {
      container.command = ['sh', '-c', 'true'];
    },
  },
  {
    says: 'mounts what it has, and has what it mounts',
    breaches: ({ spec }, { volumeMounts = [] }) => {
      // A StatefulSet makes the volume `data` itself.
      const has = [...(spec.volumes ?? []).map(({ name }) => name), 'data'];
      const mounted = volumeMounts.map(({ name }) => name);
      return [
        ...mounted.filter((name) => !has.includes(name)),
        ...has.slice(0, -1).filter((n) => !mounted.includes(n)),
      ];
    },
    spoil: (_, { volumeMounts }) => void volumeMounts!.push({ name: 'nowhere', mountPath: '/x' }),
  },
];

test.each(RULES)('every pod $says', ({ breaches }) => {
  const breached = SETS.flatMap((set) =>
    podsOf(manifestsOf(set, { upgrade: true })).flatMap((pod) =>
      containersOf(pod).flatMap((one) => breaches(pod, one).map((what) => ({ set, owner: pod.owner, what }))),
    ),
  );
  expect(breached).toEqual([]);
});

test.each(RULES)('a pod that does not is seen: $says', ({ breaches, spoil }) => {
  const [pod] = podsOf(manifestsOf('minimal'));
  const [container] = containersOf(pod!);
  expect(breaches(pod!, container!)).toEqual([]);
  spoil(pod!, container!);
  expect(breaches(pod!, container!)).not.toEqual([]);
});

test('there are pods to look at: of the server, Redis, hooks, tests and analyses', () => {
  const owners = SETS.flatMap((set) => podsOf(manifestsOf(set))).map(({ owner }) => owner.split(' ')[0]);
  expect([...new Set(owners)].sort()).toEqual([
    'AnalysisTemplate',
    'Deployment',
    'Job',
    'Pod',
    'Rollout',
    'StatefulSet',
  ]);
});

function containersOf({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}
