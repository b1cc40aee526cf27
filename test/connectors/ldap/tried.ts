import type { Connector, TestStep } from "../../../connectors/connector.ts";

/** What each step tells when settings are tried, by its name. */
export async function tried(connector: Connector): Promise<Map<TestStep["name"], TestStep>> {
  const steps = new Map<TestStep["name"], TestStep>();
  for await (const step of connector.test?.(new AbortController().signal) ?? []) steps.set(step.name, step);
  return steps;
}
