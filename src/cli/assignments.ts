import type { z } from "zod";
import { MusterError } from "../errors.ts";

/**
 * What `NAME=VALUE` arguments say, held against a form: `notify=false`, `guestPolicy.period=P30D`, `guestPolicy.reminders='["P7D"]'`.
 * A value is JSON where it can be, else text.
 * @throws MusterError `usage` for an argument without `=`; `invalid` with the setting's name.
 */
export function assignments<S extends z.ZodType>(form: S, texts: readonly string[]): z.output<S> {
  const whole = new Map<string, unknown>();
  for (const text of texts) {
    const [, name, part, value] = /^([A-Za-z]+)(?:\.([A-Za-z]+))?=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new MusterError("usage", "write settings as NAME=VALUE, as in notify=false or guestPolicy.period=P30D", {
        at: text,
      });
    const parts = whole.get(name);
    whole.set(
      name,
      part === undefined
        ? read(value)
        : Object.fromEntries([...(parts instanceof Object ? Object.entries(parts) : []), [part, read(value)]]),
    );
  }
  const parsed = form.safeParse(Object.fromEntries(whole));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = [...(issue?.path ?? []), ...(issue?.code === "unrecognized_keys" ? issue.keys : [])].join(".");
  const what = issue?.code === "unrecognized_keys" ? "there is no such setting" : issue?.message;
  throw new MusterError("invalid", `${at || "settings"}: ${what}`, { at });
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
