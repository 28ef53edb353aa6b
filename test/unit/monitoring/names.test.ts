import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROCESS_METRICS, RUN_METRICS, SNAPSHOT_METRICS } from '../../../src/report/metric-catalogue.js';
import { describeWith } from '../../support/system.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');

interface Metric {
  readonly kind?: string;
  readonly help: string;
  readonly labels: readonly string[];
}
const CATALOGUE: Readonly<Record<string, Metric>> = {
  ...SNAPSHOT_METRICS,
  ...RUN_METRICS,
  ...PROCESS_METRICS,
};
const ALERTS = 'examples/monitoring/alerts.yaml';
const DASHBOARD = 'examples/monitoring/grafana-dashboard.json';

/** A metric as an expression names it, and the labels it is asked by. */
interface Use {
  readonly where: string;
  readonly name: string;
  readonly labels: readonly string[];
}

const usesIn = (where: string, expression: string): readonly Use[] =>
  [...expression.matchAll(/\b(certwright_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', labels = '']) => ({
    where,
    name: name.replace(/_(?:bucket|sum|count)$/, ''),
    labels: [...labels.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
const rules: readonly Rule[] = parse(read(ALERTS)).groups.flatMap((group: { rules: Rule[] }) => group.rules);
const panels: readonly { title: string; targets: readonly { expr: string }[] }[] = JSON.parse(
  read(DASHBOARD),
).panels;

const problemOf = ({ where, name, labels }: Use): readonly string[] => {
  const metric = CATALOGUE[name];
  if (metric === undefined) return [`${where}: there is no ${name}`];
  return labels.filter((one) => !metric.labels.includes(one)).map((one) => `${where}: ${name} has no ${one}`);
};

describe('names of metrics', () => {
  it('keep to what Prometheus asks of names', () => {
    for (const [name, { kind = 'gauge', help, labels }] of Object.entries(CATALOGUE)) {
      expect(name, name).toMatch(/^certwright_[a-z]+(?:_[a-z]+)*$/);
      expect(name.endsWith('_total'), name).toBe(kind === 'counter');
      expect(/timestamp|duration/.test(name) && !name.endsWith('_seconds'), name).toBe(false);
      expect(help, name).toMatch(/^[A-Z].*\.$/);
      for (const label of labels) expect(label).toMatch(/^[a-z_]+$/);
    }
  });

  it('are all in docs/metrics.md, with their labels, and no others', () => {
    const rows = new Map(
      [...read('docs/metrics.md').matchAll(/^\| `(certwright_\w+)` \|(.*?)\| .+ \|$/gm)].map(
        ([, name = '', labels = '']) => [name, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)],
      ),
    );
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(CATALOGUE).map(([name, { labels }]) => [name, labels])),
    );
  });

  it('that rules, dashboard and guides use exist, with the labels they use', () => {
    const uses = [
      ...rules.flatMap(({ alert, expr }) => usesIn(alert, expr)),
      ...panels.flatMap(({ title, targets }) => targets.flatMap(({ expr }) => usesIn(title, expr))),
      ...['metrics', 'operations', 'daemon'].flatMap((page) => usesIn(page, read(`docs/${page}.md`))),
    ];
    expect(new Set(uses.map(({ where }) => where)).size).toBeGreaterThan(25);
    expect(uses.flatMap(problemOf)).toEqual([]);
    expect(problemOf({ where: 'x', name: 'certwright_build_info', labels: ['owner'] })).toHaveLength(1);
  });

  it('in rules are told with labels that are there', () => {
    const wrong = rules.flatMap(({ alert, expr, annotations }) => {
      const known = new Set(usesIn(alert, expr).flatMap(({ name }) => CATALOGUE[name]?.labels ?? []));
      return Object.values(annotations)
        .flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label))
        .filter((label) => !known.has(label))
        .map((label) => `${alert}: ${label}`);
    });
    expect(wrong).toEqual([]);
  });
});

// Of the Debian package `prometheus`.
describeWith(['promtool'], 'promtool', () => {
  it('agrees with the rules, and with their tests', () => {
    const promtool = (...args: string[]) =>
      execFileSync('promtool', args, { cwd: `${ROOT}/examples/monitoring`, encoding: 'utf8', stdio: 'pipe' });
    expect(promtool('check', 'rules', 'alerts.yaml')).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  });
});
