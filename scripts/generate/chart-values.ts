// What the chart's own values may be; what each of them means stands in values.yaml, in the comment above it.

export interface ValueSchema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  description?: string;
  properties?: Record<string, ValueSchema>;
  [keyword: string]: unknown;
}

export function group(properties: Record<string, ValueSchema>, ...required: string[]): ValueSchema {
  return { type: 'object', additionalProperties: false, properties, ...(required.length > 0 && { required }) };
}

const text = { type: 'string' };
const flag = { type: 'boolean' };
const count = { type: 'integer', minimum: 0 };
const several = { type: 'integer', minimum: 1 };
const port = { type: 'integer', minimum: 1, maximum: 65_535 };
const texts = { type: 'object', additionalProperties: text };
/** What Kubernetes describes, and the chart hands on. */
const anything = { type: 'object' };
const list = { type: 'array', items: anything };
const listOf = (items: object) => ({ type: 'array', items });
const oneOf = (...names: string[]) => ({ enum: names });

const objectName = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$', maxLength: 253 };
// What a Service may be called.
const serviceName = { type: 'string', pattern: '^([a-z]([-a-z0-9]*[a-z0-9])?)?$', maxLength: 63 };
const host = { type: 'string', pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$', maxLength: 253 };
const variable = '^[A-Z][A-Z0-9_]*$';
const quantity = { type: 'string', pattern: '^\\d+(\\.\\d+)?(m|Ki|Mi|Gi|Ti|k|M|G|T)?$' };
const volume = { type: 'string', pattern: '^\\d+(Mi|Gi|Ti)$' };
const goDuration = { type: 'string', pattern: '^(\\d+(ms|s|m|h))+$' };
const digest = { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' };
// A tag that moves is no version.
const tag = { type: 'string', pattern: '^[A-Za-z0-9_.-]*$', maxLength: 128, not: { enum: ['latest'] } };
const image = group({ repository: text, tag, digest, pullPolicy: oneOf('Always', 'IfNotPresent', 'Never') });
const secretKey = group({ name: objectName, key: text });
const issuer = group({ name: objectName, kind: text, group: text });
const probe = group({
  periodSeconds: several,
  timeoutSeconds: several,
  failureThreshold: several,
  initialDelaySeconds: count,
  successThreshold: several,
});
const resources = group({ requests: anything, limits: anything, claims: list });
const spread = oneOf('ScheduleAnyway', 'DoNotSchedule', '');

const egressPeer = {
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: {
    ipBlock: group({ cidr: text, except: listOf(text) }, 'cidr'),
    namespaceSelector: anything,
    podSelector: anything,
  },
};

/** A rule without `to` lets through to everywhere, one without `ports` to every door. */
const egressRule = {
  type: 'object',
  additionalProperties: false,
  required: ['to', 'ports'],
  properties: {
    to: { type: 'array', minItems: 1, items: egressPeer },
    ports: {
      type: 'array',
      minItems: 1,
      items: group({ protocol: oneOf('TCP', 'UDP'), port: { type: ['integer', 'string'] }, endPort: port }, 'port'),
    },
  },
};

const certManager = group({
  acme: group({ enabled: flag, server: { type: 'string', pattern: '^https://' }, email: text, solvers: list }),
  outside: group({ enabled: flag, issuerRef: issuer }),
  server: group({
    enabled: flag,
    issuerRef: issuer,
    duration: goDuration,
    renewBefore: goDuration,
    dnsNames: listOf(host),
    clients: listOf({ ...objectName, minLength: 1, maxLength: 40 }),
  }),
});

const redis = group({
  source: oneOf('', 'existing', 'chart'),
  host: { type: 'string', pattern: '^[A-Za-z0-9.:\\[\\]-]*$' },
  port,
  tls: flag,
  database: count,
  username: { type: 'string', pattern: '^[A-Za-z0-9._~-]*$' },
  passwordSecret: secretKey,
  chart: group({
    image,
    maxMemory: { type: 'string', pattern: '^\\d+(kb|mb|gb)$' },
    persistence: group({ enabled: flag, size: volume, storageClassName: text }),
    resources,
  }),
});

const rollout = group({
  enabled: flag,
  strategy: oneOf('canary', 'blueGreen'),
  canary: group({ steps: list, trafficRouting: oneOf('none', 'nginx', 'gatewayApi') }),
  blueGreen: group({ autoPromotionEnabled: flag, scaleDownDelaySeconds: { type: 'integer', minimum: 30 } }),
  analysis: group({
    enabled: flag,
    prometheusAddress: { type: 'string', pattern: '^https?://' },
    interval: goDuration,
    count: several,
    failureLimit: count,
    availability: { type: 'number', minimum: 0, maximum: 1 },
    p95Seconds: { type: 'number', exclusiveMinimum: 0 },
  }),
});

const monitoring = group({
  serviceMonitor: group({ enabled: flag, labels: texts, interval: goDuration, tokenSecret: secretKey }),
  prometheusRule: group({ enabled: flag, labels: texts }),
  runbookBase: { type: 'string', pattern: '^(https?://.*)?$' },
  dashboards: group({ enabled: flag, labels: texts, annotations: texts }),
});

const hooks = group({
  configCheck: group({ enabled: flag }),
  warmUp: group({ enabled: flag, configMap: secretKey, args: listOf(text) }),
  reindex: group({ enabled: flag, args: listOf(text) }),
  tokenSecret: secretKey,
  deadlineSeconds: several,
  resources,
});

const podMetric = group({
  enabled: flag,
  metric: { type: 'string', pattern: '^[a-z_:][a-z0-9_:]*$' },
  target: quantity,
});

/** The values that are the chart's own, in the order of values.yaml. */
export const CHART_VALUES: Record<string, ValueSchema> = {
  replicaCount: count,
  image,
  imagePullSecrets: list,
  nameOverride: objectName,
  fullnameOverride: serviceName,
  existingSecret: objectName,
  externalSecret: group({
    enabled: flag,
    refreshInterval: goDuration,
    secretStoreRef: group({ kind: oneOf('SecretStore', 'ClusterSecretStore'), name: objectName }),
    data: {
      type: 'object',
      additionalProperties: false,
      patternProperties: { [variable]: group({ key: text, property: text, version: text }, 'key') },
    },
    dataFrom: listOf(text),
  }),
  extraEnv: listOf(group({ name: text, value: text, valueFrom: anything }, 'name')),
  extraVolumes: list,
  extraVolumeMounts: list,
  service: group({
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    port,
    annotations: texts,
    sessionAffinity: oneOf('None', 'ClientIP'),
  }),
  serviceAccount: group({ create: flag, name: objectName, annotations: texts }),
  persistence: group({ enabled: flag, size: volume, storageClassName: text, existingClaim: objectName }),
  ephemeralStorage: group({ data: volume, tmp: volume }),
  resources,
  podAnnotations: texts,
  podLabels: texts,
  priorityClassName: text,
  nodeSelector: texts,
  tolerations: list,
  affinity: anything,
  antiAffinity: oneOf('soft', 'hard', 'none'),
  topologySpread: group({ zones: spread, nodes: spread }),
  strategy: anything,
  preStopSeconds: { type: 'integer', minimum: 0, maximum: 120 },
  probes: group({ startup: probe, liveness: probe, readiness: probe }),
  autoscaling: group({
    enabled: flag,
    minReplicas: several,
    maxReplicas: several,
    cpuUtilization: { type: 'integer', minimum: 0, maximum: 100 },
    requestsPerSecond: podMetric,
    p95Seconds: podMetric,
    behavior: anything,
  }),
  podDisruptionBudget: group({
    enabled: flag,
    maxUnavailable: { type: ['integer', 'string'], minimum: 1, pattern: '^[1-9][0-9]?%$' },
  }),
  tls: group({
    enabled: flag,
    secretName: objectName,
    caKey: text,
    clientAuth: oneOf('none', 'optional', 'required'),
    clientCaSecret: objectName,
    clientCaKey: text,
    clientSecret: objectName,
  }),
  certManager,
  ingress: group({
    enabled: flag,
    className: text,
    annotations: texts,
    hosts: listOf(host),
    path: { type: 'string', pattern: '^/' },
    tlsSecret: objectName,
  }),
  gateway: group({
    enabled: flag,
    parentRefs: list,
    hostnames: listOf(host),
    annotations: texts,
    requestTimeout: { type: 'string', pattern: '^(([0-9]{1,5}(h|m|s|ms)){1,4})?$' },
  }),
  networkPolicy: group({
    enabled: flag,
    sameNamespace: flag,
    allowFrom: listOf({ ...anything, minProperties: 1 }),
    egress: listOf(egressRule),
    dns: group({
      namespaceLabels: texts,
      podLabels: texts,
      ports: { type: 'array', minItems: 1, items: port },
      to: listOf(egressPeer),
    }),
  }),
  redis,
  rollout,
  monitoring,
  hooks,
  tests: group({ enabled: flag, tokenSecret: secretKey }),
};
