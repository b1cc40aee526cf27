import { Group, Stack, Text } from "@mantine/core";
import type { Answer } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type Test = Answer<"directories.test">;

/** Step by step whether a directory can be read, and of each step that cannot what to do. */
export function TestSteps({ test }: { test: Test }) {
  const { t, word } = useTexts();
  return (
    <Stack gap="sm" role="region" aria-label={t("directories.test")}>
      <Text fw={600} role="status">
        {t(test.passed ? "directories.testPassed" : "directories.testFailed")}
      </Text>
      {test.steps.map((step) => (
        <Stack gap={4} key={step.name}>
          <Group gap="sm" wrap="nowrap" align="flex-start">
            <Chip meaning={MEANINGS.testStep[step.verdict]} label={word("directories", `verdict-${step.verdict}`)} />
            <Text>
              <b>{word("directories", `step-${step.name}`)}</b> {step.detail}
            </Text>
          </Group>
          {step.hint !== null && <Text c="dimmed">{step.hint}</Text>}
          {step.samples.length > 0 && <Text c="dimmed">{step.samples.map(({ name }) => name).join(", ")}</Text>}
        </Stack>
      ))}
    </Stack>
  );
}
