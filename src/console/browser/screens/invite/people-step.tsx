import { Alert, Box, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconUserHeart } from "@tabler/icons-react";
import { useApi } from "../../api/use-api.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import type { Trying } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { splitAddresses } from "./addresses.ts";
import { VerdictList } from "./verdict-list.tsx";
import type { Product } from "./wish.ts";

type Props = {
  text: string;
  onText: (text: string) => void;
  limit: number;
  found: Trying<"invitations.create">;
  onImport: () => void;
  onNext: () => void;
  /** To sharing with people outside: as guests, who take no seat (R177). */
  onGuests: (product: Product) => void;
};

/** Who: whatever is pasted, each address with its verdict. */
export function PeopleStep({ text, onText, limit, found, onImport, onNext, onGuests }: Props) {
  const { t } = useTexts();
  const { addresses, doubled } = splitAddresses(text);
  const tooMany = addresses.length > limit;
  const { trial, problem, busy } = found;
  const without = (address: string): void => onText(addresses.filter((one) => one !== address).join("\n"));
  const instead = (address: string, by: string): void =>
    onText(addresses.map((one) => (one === address ? by : one)).join("\n"));
  return (
    <Stack>
      <Textarea
        label={t("invite.emails")}
        description={t("invite.emailsMean")}
        placeholder={'"Ann" <ann@example.com>, bob@example.com; carol@example.com'}
        autosize
        minRows={3}
        maxRows={10}
        data-autofocus
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
      />
      <Group justify="space-between">
        <Text aria-live="polite" c={tooMany ? "red" : "dimmed"}>
          {t("invite.count", { n: addresses.length, limit })}
          {doubled > 0 && ` · ${t("invite.doubled", { n: doubled })}`}
          {busy && ` · ${t("invite.checking")}`}
        </Text>
        <Button variant="subtle" onClick={onImport}>
          {t("invite.import")}
        </Button>
      </Group>
      {tooMany ? (
        <Alert color="gray" title={t("invite.tooMany", { limit })}>
          <Button variant="default" onClick={onImport}>
            {t("invite.importThese")}
          </Button>
        </Alert>
      ) : (
        problem && <ProblemNotice problem={problem} />
      )}
      <VerdictList
        addresses={addresses}
        results={trial && !tooMany ? trial.result.results : []}
        onRemove={without}
        onReplace={instead}
      />
      <Group justify="flex-end">
        <Button onClick={onNext} disabled={addresses.length === 0 || tooMany}>
          {t("shared.forward")}
        </Button>
      </Group>
      <Outsiders onGuests={onGuests} />
    </Stack>
  );
}

function Outsiders({ onGuests }: { onGuests: (product: Product) => void }) {
  const { t } = useTexts();
  const { data } = useApi("products.list", { query: { limit: 200 } });
  const withGuests = (data?.data ?? []).filter(({ hasGuests }) => hasGuests);
  if (withGuests.length === 0) return null;
  return (
    <Alert color="gray" icon={<IconUserHeart size={20} />} title={t("invite.outsiders")}>
      <Text mb="sm">{t("invite.outsidersMean")}</Text>
      <Box>
        {withGuests.slice(0, 6).map((product) => (
          <Button key={product.id} variant="default" mr="sm" mb="sm" onClick={() => onGuests(product)}>
            {t("invite.guestsOf", { product: product.name })}
          </Button>
        ))}
      </Box>
    </Alert>
  );
}
