// examples/kubernetes: the fields that matter, read as Kubernetes reads them (YAML 1.1).
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { examples } from './schedule.ts';

function documentsOf(name: string) {
  const documents = parseAllDocuments(readFileSync(`${examples}kubernetes/${name}`, 'utf8'), {
    version: '1.1',
  });
  for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([]);
  return documents.map((document) => document.toJS());
}

const [keystore, published, cronJob] = documentsOf('cronjob.yaml');
const [setup] = documentsOf('setup.yaml');
const pods = {
  'the CronJob': cronJob.spec.jobTemplate.spec.template.spec,
  'the setup': setup.spec.template.spec,
};

test.each(Object.entries(pods))('%s is restricted, as Pod Security Standards have it', (_, pod) => {
  expect(pod).toMatchObject({
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
  });
  for (const { securityContext } of pod.containers) {
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  }
});

test.each(Object.entries(pods))('%s finds its keystore, secret and memory without a home', (_, pod) => {
  const [{ env, volumeMounts }] = pod.containers;
  const values = Object.fromEntries(
    env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  expect(values).toMatchObject({
    JWKS_KEYSTORE: '/var/lib/jwks/keystore',
    JWKS_SECRET_FILE: '/run/secrets/jwks/secret',
    XDG_STATE_HOME: '/var/lib/jwks/state',
  });
  const mounted: string[] = volumeMounts.map(({ mountPath }: { mountPath: string }) => `${mountPath}/`);
  for (const path of Object.values(values))
    expect(mounted.some((way) => String(path).startsWith(way))).toBe(true);
  const secret = pod.volumes.find(({ name }: { name: string }) => name === 'secret');
  expect(secret).toEqual({ name: 'secret', secret: { secretName: 'jwks', defaultMode: 0o440 } });
  const names = pod.volumes.map(({ name }: { name: string }) => name);
  expect(volumeMounts.map(({ name }: { name: string }) => name)).toEqual(names);
});

test('runs do not pile up, and one that hangs ends', () => {
  expect(cronJob).toMatchObject({ apiVersion: 'batch/v1', kind: 'CronJob' });
  expect(cronJob.spec).toMatchObject({ concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 1800 });
  expect(cronJob.spec.schedule).toMatch(/^[1-9]\d? \* \* \* \*$/);
  expect(cronJob.spec.jobTemplate.spec).toMatchObject({ backoffLimit: 1, activeDeadlineSeconds: 600 });
  expect(cronJob.spec.jobTemplate.spec.template.spec.containers[0].command).toEqual([
    'rotate-and-publish.sh',
  ]);
});

test('its volumes are claimed', () => {
  const claimed = [keystore, published].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(claimed).toEqual(['PersistentVolumeClaim jwks', 'PersistentVolumeClaim jwks-public']);
  const pod = pods['the CronJob'];
  const used = pod.volumes.flatMap((volume: { persistentVolumeClaim?: { claimName: string } }) =>
    volume.persistentVolumeClaim === undefined ? [] : [volume.persistentVolumeClaim.claimName],
  );
  expect(used).toEqual(['jwks', 'jwks-public']);
});

test('what makes the keystore runs once, and is in no CronJob', () => {
  expect(setup).toMatchObject({ kind: 'Job', spec: { backoffLimit: 0 } });
  expect(JSON.stringify(cronJob)).not.toMatch(/init|create/);
  expect(setup.spec.template.spec.containers[0].image).toBe(pods['the CronJob'].containers[0].image);
});
