import type { Row } from "../../api/call.ts";
import { Chip, type Meaning } from "../../parts/chip.tsx";
import { useTexts } from "../../texts/texts.ts";

type State = Row<"runs.list">["state"];

const MEANING: Readonly<Record<State, Meaning>> = {
  running: "waiting",
  previewed: "waiting",
  held: "attention",
  done: "good",
  partial: "attention",
  failed: "bad",
  abandoned: "bad",
  undone: "neutral",
  discarded: "neutral",
};

/** How a run stands. */
export function RunChip({ state }: { state: State }) {
  const { word } = useTexts();
  return <Chip meaning={MEANING[state]} label={word("runs", state)} />;
}
