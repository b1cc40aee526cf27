import { Drawer, Group, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { useTexts } from "../texts/texts.ts";

/**
 * What comes in from the side beside a list, instead of another page. Esc closes it. Its head is no `header`: the page has one banner.
 */
export function Side({
  opened,
  onClose,
  title,
  children,
}: {
  opened: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}) {
  const { t } = useTexts();
  return (
    <Drawer.Root opened={opened} onClose={onClose} position="right" size="xl">
      <Drawer.Overlay backgroundOpacity={0.3} />
      <Drawer.Content>
        <Group justify="space-between" p="md" wrap="nowrap">
          <Drawer.Title fw={600} fz="lg">
            {title}
          </Drawer.Title>
          <Drawer.CloseButton size="lg" aria-label={t("shared.close")} />
        </Group>
        <Drawer.Body>
          <Stack gap="md">{children}</Stack>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
