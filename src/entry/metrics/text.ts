import { Gauge, Registry } from 'prom-client';
import type { Catalogue, Sample } from '../../report/metric-catalogue.js';

/**
 * Gauges in the text format of Prometheus, https://prometheus.io/docs/instrumenting/exposition_formats/. Ends with a line
 * break. Metrics without a sample are left out.
 */
export async function gaugesText(catalogue: Catalogue, samples: readonly Sample[]): Promise<string> {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  for (const { name, labels = {}, value } of samples) {
    let gauge = gauges.get(name);
    if (gauge === undefined) {
      const metric = catalogue[name];
      if (metric === undefined) throw new Error(`${name} stands in no catalogue`);
      gauge = new Gauge({ name, help: metric.help, labelNames: [...metric.labels], registers: [registry] });
      gauges.set(name, gauge);
    }
    gauge.set({ ...labels }, value);
  }
  return samples.length === 0 ? '' : registry.metrics();
}
