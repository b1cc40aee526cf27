import { Group, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** A screen's name, and what can be done on it. */
export function ScreenHead({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Group justify="space-between" mb="md" mih={36}>
      <Title order={1}>{title}</Title>
      <Group gap="sm">{children}</Group>
    </Group>
  );
}
