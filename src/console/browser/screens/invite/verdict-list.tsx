import { ActionIcon, Box, Button, Group, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { Answer } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type Result = Answer<"invitations.create">["results"][number];

type Props = {
  addresses: readonly string[];
  results: readonly Result[];
  onRemove?: (address: string) => void;
  onReplace?: (address: string, by: string) => void;
};

/** Every address with what becomes of it; what is no address stays, so that it can be mended. */
export function VerdictList({ addresses, results, onRemove, onReplace }: Props) {
  const { t } = useTexts();
  return (
    <Box component="ul" p={0} m={0} style={{ listStyle: "none" }} aria-label={t("invite.addresses")}>
      {addresses.map((address) => {
        const result = results.find(({ typed, email }) => typed === address || email === address.toLowerCase());
        return (
          <Box component="li" key={address} py={4}>
            <Group justify="space-between" wrap="nowrap" gap="sm">
              <Group gap="sm">
                <Text fw={500}>{address}</Text>
                {result && <VerdictChip result={result} />}
              </Group>
              {onRemove && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  onClick={() => onRemove(address)}
                  aria-label={t("invite.removeAddress", { address })}
                >
                  <IconX size={16} />
                </ActionIcon>
              )}
            </Group>
            {result?.message && <Text c="dimmed">{result.message}</Text>}
            {result?.warnings.map(({ code, message, suggestion }) => (
              <Group key={code} gap="sm">
                <Text c="dimmed">{message}</Text>
                {onReplace && (
                  <Button variant="subtle" size="compact-sm" onClick={() => onReplace(address, suggestion)}>
                    {t("invite.useInstead", { suggestion })}
                  </Button>
                )}
              </Group>
            ))}
          </Box>
        );
      })}
    </Box>
  );
}

function VerdictChip({ result: { verdict } }: { result: Result }) {
  const { t, word } = useTexts();
  return (
    <Chip meaning={MEANINGS.verdict[verdict]} label={word("invite", verdict)} means={t(`invite.${verdict}Means`)} />
  );
}
