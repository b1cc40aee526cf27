import type { Row } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type State = Row<"runs.list">["state"];

/** How a run stands. */
export function RunChip({ state }: { state: State }) {
  const { word } = useTexts();
  return <Chip meaning={MEANINGS.run[state]} label={word("runs", state)} />;
}
