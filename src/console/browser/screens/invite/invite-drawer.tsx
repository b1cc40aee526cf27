import { Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Answer } from "../../api/call.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { useWhyNot } from "../../parts/act-button.tsx";
import { useAddressState } from "../../parts/address-state.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { splitAddresses } from "./addresses.ts";
import { ImportStep } from "./import-step.tsx";
import { PeopleStep } from "./people-step.tsx";
import { type Letter, ReviewStep } from "./review-step.tsx";
import { SentStep } from "./sent-step.tsx";
import { bodyOf, lacksSpace, NO_WISH, offersSomething, placeOf, type WishForm } from "./wish.ts";
import { WishFields } from "./wish-fields.tsx";

const STEPS = ["people", "access", "review"] as const;

type Sent = { answer: Answer<"invitations.create">; before: ReadonlySet<string> };

/** Inviting in three steps, opened by `invite=people` in the address; going back is the browser's own. */
export function InviteDrawer() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const step = get("invite");
  const close = (): void => set({ invite: null });
  return (
    <Drawer
      opened={step !== ""}
      onClose={close}
      title={t("invite.title")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      {step !== "" && <Steps step={step} go={(to) => set({ invite: to })} close={close} />}
    </Drawer>
  );
}

function Steps({ step, go, close }: { step: string; go: (step: string) => void; close: () => void }) {
  const { t } = useTexts();
  const [text, setText] = useState("");
  const [wish, setWish] = useState<WishForm>(NO_WISH);
  const [letter, setLetter] = useState<Letter>({ notify: true, message: null, locale: null });
  const [sent, setSent] = useState<Sent>();
  const create = useChange("invitations.create");
  const mayRead = useWhyNot("settings.get") === null;
  const limits = useApi("settings.get", {}, { enabled: mayRead }).data?.invitesPerRequest;
  const guests = Object.values(wish.products).some(({ role }) => role === "guest");
  const limit = (guests ? limits?.guests : limits?.people) ?? (guests ? 10 : 100);
  const { addresses } = splitAddresses(text);
  const body = {
    emails: addresses.length > limit ? [] : addresses,
    ...bodyOf(wish),
    notify: letter.notify,
    locale: letter.locale,
    ...(letter.message !== null && { message: letter.message === "" ? null : letter.message }),
  };
  const found = useTrial("invitations.create", { body }, { enabled: body.emails.length > 0, settle: 300 });
  const known = new Set(found.trial?.result.results.flatMap(({ invitation }) => invitation ?? []));
  const send = (): void => create.mutate({ body }, { onSuccess: (answer) => setSent({ answer, before: known }) });

  if (sent)
    return (
      <SentStep
        sent={sent.answer}
        before={sent.before}
        notified={letter.notify}
        onDone={close}
        onMore={() => {
          setSent(undefined);
          setText("");
          go("people");
        }}
      />
    );
  if (step === "import")
    return <ImportStep csv={csvOf(addresses)} notify={letter.notify} onBack={() => go("people")} />;
  const nobody = addresses.length === 0;
  const at = STEPS.find((one) => one === step && !(nobody && one === "review")) ?? "people";
  return (
    <Stack>
      <Group component="ol" p={0} m={0} gap="lg" style={{ listStyle: "none" }}>
        {STEPS.map((one, index) => (
          <Text
            key={one}
            component="li"
            fw={one === at ? 600 : 400}
            {...(one !== at && { c: "dimmed" })}
            {...(one === at && { "aria-current": "step" as const })}
          >
            {index + 1}. {t(`invite.step-${one}`)}
          </Text>
        ))}
      </Group>
      {at === "people" && (
        <PeopleStep
          text={text}
          onText={setText}
          limit={limit}
          found={found}
          onImport={() => go("import")}
          onNext={() => go("access")}
          onGuests={(product) => {
            setWish({
              ...wish,
              products: { [placeOf(product)]: { role: "guest", space: "", permission: "read-only", until: "" } },
            });
            go("access");
          }}
        />
      )}
      {at === "access" && (
        <>
          {found.problem && !lacksSpace(wish) && <ProblemNotice problem={found.problem} />}
          <WishFields wish={wish} onChange={setWish} effects={found.trial?.result.effects} />
          {!offersSomething(wish) && <Text c="dimmed">{t("invite.nothingMeans")}</Text>}
          {lacksSpace(wish) && <Text c="dimmed">{t("invite.needsSpace")}</Text>}
          <Group justify="space-between">
            <Button variant="default" onClick={() => go("people")}>
              {t("shared.back")}
            </Button>
            <Button onClick={() => go(nobody ? "people" : "review")} disabled={lacksSpace(wish)}>
              {t("shared.forward")}
            </Button>
          </Group>
        </>
      )}
      {at === "review" && (
        <>
          {create.error && <ProblemNotice problem={create.error} />}
          <ReviewStep
            letter={letter}
            onLetter={setLetter}
            found={found}
            sending={create.isPending}
            onBack={() => go("access")}
            onSend={send}
          />
        </>
      )}
    </Stack>
  );
}

function csvOf(addresses: readonly string[]): string {
  return addresses.length === 0 ? "" : `${["email", ...addresses].join("\n")}\n`;
}
