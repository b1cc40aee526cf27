import { Anchor, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCircle, IconCircleCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import { useApi } from "../../api/use-api.ts";
import { useTexts } from "../../texts/texts.ts";

type Step = { name: "smtp" | "domain" | "product" | "second" | "breakGlass"; to: string; done: boolean };

/** What a new organization still lacks; nothing once it lacks nothing. What cannot be known by the rights at hand is left out. */
export function Checklist() {
  const { t } = useTexts();
  const diagnostics = useApi("diagnostics.get", {});
  const domains = useApi("signUpDomains.get", {});
  const products = useApi("products.list", { query: { limit: 1 } });
  const administrators = useApi("administrators.list", { query: { limit: 2 } });
  const audit = useApi("audit.list", { query: { action: "break-glass.*", limit: 20 } });
  const mail = diagnostics.data?.configuration.mail;
  const held = audit.data?.data.find(({ action }) => action !== "break-glass.reset")?.action;
  const steps: Step[] = [
    ...(typeof mail === "object" && !Array.isArray(mail) && mail !== null
      ? [{ name: "smtp", to: "/mail", done: mail.smtp === true } as const]
      : []),
    ...(domains.data ? [{ name: "domain", to: "/sign-up", done: domains.data.domains.length > 0 } as const] : []),
    ...(products.data ? [{ name: "product", to: "/products", done: products.data.data.length > 0 } as const] : []),
    ...(administrators.data
      ? [{ name: "second", to: "/administrators", done: administrators.data.data.length > 1 } as const]
      : []),
    ...(audit.data
      ? [
          {
            name: "breakGlass",
            to: "/administrators",
            done: held !== undefined && held !== "break-glass.revoked",
          } as const,
        ]
      : []),
  ];
  if (steps.every(({ done }) => done)) return null;
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} size="h3" mb="sm">
        {t("overview.checklist", { done: steps.filter(({ done }) => done).length, of: steps.length })}
      </Title>
      <Stack gap="xs">
        {steps.map(({ name, to, done }) => (
          <Group key={name} gap="sm" wrap="nowrap" align="flex-start">
            {done ? (
              <IconCircleCheck
                size={20}
                className="fixed"
                color="var(--mantine-color-green-text)"
                aria-label={t("shared.done")}
              />
            ) : (
              <IconCircle
                size={20}
                className="fixed"
                color="var(--mantine-color-dimmed)"
                aria-label={t("overview.open")}
              />
            )}
            <div>
              {done ? (
                <Text c="dimmed">{t(`overview.step-${name}`)}</Text>
              ) : (
                <>
                  <Anchor component={Link} to={to}>
                    {t(`overview.step-${name}`)}
                  </Anchor>
                  <Text c="dimmed">{t(`overview.why-${name}`)}</Text>
                </>
              )}
            </div>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}
