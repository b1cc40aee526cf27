import {
  Button,
  Checkbox,
  Drawer,
  Group,
  NumberInput,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { bodyOf, endOfDay, lacksSpace, NO_WISH, offersSomething, type WishForm } from "../invite/wish.ts";
import { WishFields } from "../invite/wish-fields.tsx";
import { CopyUrl } from "./copy-url.tsx";
import { Gives } from "./link-chip.tsx";

/** A new link: whom it lets in, how often, until when, and what it gives. */
export function NewLink({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTexts();
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={t("links.create")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      {opened && <Form onClose={onClose} />}
    </Drawer>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const create = useChange("links.create");
  const [wish, setWish] = useState<WishForm>(NO_WISH);
  const [label, setLabel] = useState("");
  const [maxUses, setMaxUses] = useState<number | null>(null);
  const [until, setUntil] = useState("");
  const [domains, setDomains] = useState<string[]>([]);
  const [email, setEmail] = useState("");
  const [needsApproval, setNeedsApproval] = useState(false);
  const at = (field: string) => create.error?.document.errors?.find(({ pointer }) => pointer === field)?.message;
  const fields = ["/label", "/maxUses", "/expiresAt", "/email", "/allowedDomains"];
  const elsewhere = create.error && !fields.some((field) => at(field));
  if (create.data)
    return (
      <Stack>
        <CopyUrl url={create.data.url} />
        <Gives link={create.data.link} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{t("shared.done")}</Button>
        </Group>
      </Stack>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({
          body: {
            label,
            maxUses,
            ...(until !== "" && { expiresAt: endOfDay(until) }),
            allowedDomains: domains,
            email: email === "" ? null : email,
            needsApproval,
            ...bodyOf(wish),
          },
        });
      }}
    >
      <Stack>
        {elsewhere && create.error && <ProblemNotice problem={create.error} />}
        <TextInput
          label={t("links.label")}
          description={t("links.labelMeans")}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          error={at("/label")}
          required
          withAsterisk={false}
          data-autofocus
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
          <NumberInput
            label={t("links.maxUses")}
            placeholder="∞"
            min={1}
            value={maxUses ?? ""}
            onChange={(value) => setMaxUses(typeof value === "number" ? value : null)}
            error={at("/maxUses")}
            hideControls
          />
          <TextInput
            type="date"
            label={t("links.until")}
            value={until}
            onChange={(event) => setUntil(event.currentTarget.value)}
            error={at("/expiresAt")}
          />
        </SimpleGrid>
        <TagsInput
          label={t("links.domains")}
          description={t("links.domainsMean")}
          value={domains}
          onChange={setDomains}
          error={at("/allowedDomains")}
        />
        <TextInput
          type="email"
          label={t("links.email")}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={at("/email")}
        />
        <Checkbox
          label={t("links.needsApproval")}
          checked={needsApproval}
          onChange={(event) => setNeedsApproval(event.currentTarget.checked)}
        />
        <WishFields wish={wish} onChange={setWish} />
        <Costs wish={wish} />
        <Group justify="flex-end">
          <ActButton operation="links.create" type="submit" loading={create.isPending} disabled={lacksSpace(wish)}>
            {t("links.make")}
          </ActButton>
        </Group>
      </Stack>
    </form>
  );
}

/** What such a link would give and cost, before it is made (R101). */
function Costs({ wish }: { wish: WishForm }) {
  const { t } = useTexts();
  const body = { label: "–", ...bodyOf(wish) };
  const enabled = offersSomething(wish) && !lacksSpace(wish);
  const { trial, problem } = useTrial("links.create", { body }, { enabled });
  if (problem) return <ProblemNotice problem={problem} />;
  if (trial === undefined) return null;
  return (
    <Text aria-live="polite">
      {t("links.gives")}: <Gives link={trial.result.link} />
    </Text>
  );
}
