// examples/kubernetes/serve.yaml: its fields as Kubernetes reads them (YAML 1.1), its command, and what its probes
// ask of a real server.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { Machine } from '../support/cli.ts';
import { serving } from '../support/serving.ts';
import { examples } from './schedule.ts';

function documentsOf(name: string) {
  const documents = parseAllDocuments(readFileSync(`${examples}kubernetes/${name}`, 'utf8'), {
    version: '1.1',
  });
  for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([]);
  return documents.map((document) => document.toJS());
}

const [deployment, service] = documentsOf('serve.yaml');
const [keystore, , cronJob] = documentsOf('cronjob.yaml');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const rotation = cronJob.spec.jobTemplate.spec.template.spec;

test('its pods are confined as those that rotate, and read the same keystore without writing', () => {
  expect(pod.securityContext).toEqual(rotation.securityContext);
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(container.resources.limits.memory).toBeDefined();
  expect(container.image).toBe(rotation.containers[0].image);
  const [volume] = pod.volumes;
  expect(volume.persistentVolumeClaim.claimName).toBe(keystore.metadata.name);
  const read = container.volumeMounts.find(({ name }: { name: string }) => name === volume.name);
  expect(read).toEqual({ name: 'keystore', mountPath: '/var/lib/jwks', readOnly: true });
  expect(container.volumeMounts.map(({ name }: { name: string }) => name)).toEqual(
    pod.volumes.map(({ name }: { name: string }) => name),
  );
});

test('there is no secret: a fingerprint vouches for the keystore', () => {
  expect(JSON.stringify(deployment)).not.toMatch(/secret/i);
  expect(container.env).toContainEqual({
    name: 'JWKS_IDENTITY',
    valueFrom: { configMapKeyRef: { name: 'jwks', key: 'identity' } },
  });
  const readme = readFileSync(`${examples}README.md`, 'utf8');
  expect(readme).toContain('kubectl create configmap jwks --from-literal=identity=');
});

test('there is always a pod that answers, and the Service finds it', () => {
  expect(deployment.spec).toMatchObject({ replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0 } } });
  // Longer than serve takes to let its requests end.
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(10);
  const labels = deployment.spec.template.metadata.labels;
  expect(deployment.spec.selector.matchLabels).toEqual(labels);
  expect(service.spec.selector).toEqual(labels);
  const [{ targetPort }] = service.spec.ports;
  const port = container.ports.find(({ name }: { name: string }) => name === targetPort).containerPort;
  expect(container.args.join(' ')).toContain(` --port ${port} `);
});

test('what it is told the command takes; its probes are answered while the keystore cannot be read', async () => {
  const machine = new Machine();
  expect(await machine.jwks('create --alg ES256 auth')).toMatchObject({ status: 0 });
  const [command, ...words] = container.args;
  expect(command).toBe('serve');
  const onFreePorts = words.join(' ').replace(/(-port) \d+/g, '$1 0');
  const { url, metrics } = await serving(machine, onFreePorts);
  const at = (path: string, listener = url) => fetch(listener.replace('0.0.0.0', '127.0.0.1') + path);
  const probes = [container.readinessProbe, container.livenessProbe].map(({ httpGet }) => httpGet);
  expect(probes.map(({ port }) => port)).toEqual(['http', 'http']);
  const statuses = async () => Promise.all(probes.map(async ({ path }) => (await at(path)).status));
  expect(await statuses()).toEqual([200, 200]);

  const { annotations } = deployment.spec.template.metadata;
  expect(words.slice(-2)).toEqual(['--metrics-port', annotations['prometheus.io/port']]);
  expect(await (await at(annotations['prometheus.io/path'], metrics)).text()).toMatch(/^jwks_/m);

  const directory = `${machine.home}/.local/share/jwks/sets/auth`;
  for (const name of readdirSync(directory)) writeFileSync(`${directory}/${name}`, '{}');
  await vi.waitFor(async () => expect((await at('/health/ready')).status).toBe(503), 10_000);
  expect(await statuses()).toEqual([200, 200]);
  expect((await at('/.well-known/jwks.json')).status).toBe(200);
});
