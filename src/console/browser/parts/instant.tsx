import { Tooltip } from "@mantine/core";
import { useTexts } from "../texts/texts.ts";

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** "3 days ago", with the instant in the reader's zone for pointer and keyboard. */
export function Instant({ at, none }: { at: string | null | undefined; none?: string }) {
  const { language, t } = useTexts();
  if (at === null || at === undefined) return <span>{none ?? t("shared.never")}</span>;
  const seconds = (new Date(at).getTime() - Date.now()) / 1_000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? (["second", 1] as const);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
  const whole = new Date(at).toLocaleString(language, { dateStyle: "full", timeStyle: "long" });
  return (
    <Tooltip label={whole}>
      <time dateTime={at} tabIndex={0}>
        {relative}
      </time>
    </Tooltip>
  );
}
