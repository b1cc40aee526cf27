import type { Row } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { useTexts } from "../../texts/texts.ts";

type Guest = Row<"guests.list">;

/** Whether the guest has a slot, and if not why. */
export function SlotChip({ guest }: { guest: Guest }) {
  const { t } = useTexts();
  if (guest.parked) return <Chip meaning="attention" label={t("guests.parked")} means={t("guests.parkedMeans")} />;
  if (guest.overQuota) return <Chip meaning="bad" label={t("guests.over")} means={t("guests.overMeans")} />;
  return <Chip meaning="good" label={t("guests.hasSlot")} />;
}
