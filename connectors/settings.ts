import type { z } from "zod";
import { ConnectorError } from "./connector.ts";

/**
 * Settings as a connector's schema describes them.
 * @param whose what the administrator knows the connector by.
 * @throws ConnectorError `configuration` naming every setting that is wrong.
 */
export function parseSettings<S extends z.ZodType>(whose: string, schema: S, settings: unknown): z.output<S> {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const key = issue.path.join(".") || "settings";
    return issue.code === "unrecognized_keys"
      ? `${issue.path.concat(issue.keys).join(".")}: there is no such setting`
      : `${key}: ${issue.message}`;
  });
  throw new ConnectorError("configuration", `${whose} settings: ${problems.join("; ")}`);
}
