import { Center, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** Nothing is here yet: what belongs here, and what to do next. */
export function EmptyState({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <Center mih={240} p="lg">
      <Stack align="center" maw={480}>
        <Text ta="center" c="dimmed">
          {text}
        </Text>
        {children}
      </Stack>
    </Center>
  );
}
