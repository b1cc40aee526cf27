import type { Locator, Page, Response } from "playwright-core";

/** A long list of the console, and what its search field is given. */
export type ListOnScreen = { name: string; path: string; search?: string; sorts?: true };

export const LISTS: readonly ListOnScreen[] = [
  { name: "Users", path: "/users", search: "123", sorts: true },
  { name: "Groups", path: "/groups", search: "Team 12" },
  { name: "Invitations", path: "/invitations", search: "12" },
  { name: "Links", path: "/links" },
  { name: "Requests", path: "/requests" },
  { name: "Guests", path: "/guests", search: "12" },
  { name: "Mail", path: "/mail", search: "12" },
  { name: "Sync runs", path: "/runs" },
  { name: "SCIM requests", path: "/scim-requests?directory=okta" },
  { name: "Audit", path: "/audit", search: "access.changed\n" },
];

/** Makes ready, outside of what is traced, and answers what is; undefined where the list does not offer it. */
type Step = (page: Page, list: ListOnScreen) => Promise<(() => Promise<void>) | undefined>;

/**
 * While it is traced nothing but the mouse and the keys reaches the page, and answers are waited for outside of it: whatever the driver ran
 * inside would be the page's own task.
 */
export const STEPS = {
  "by wheel": async (page) => {
    const { x, y } = await middleOf(page.locator(".table-scroll"));
    await page.mouse.move(x, y);
    return async () => {
      for (const by of [...Array(24).fill(160), ...Array(24).fill(-160)]) {
        await page.mouse.wheel(0, by);
        await aMoment();
      }
    };
  },
  "by keys": async (page) => {
    await page.locator(".table-scroll").focus();
    const keys = [
      ...Array(6).fill("PageDown"),
      ...Array(6).fill("PageUp"),
      "End",
      "Home",
      ...Array(20).fill("ArrowDown"),
    ];
    return () => pressAll(page, keys);
  },
  "row by row": async (page) => {
    await page.locator(".table-scroll").focus();
    return () => pressAll(page, [...Array(49).fill("j"), ...Array(49).fill("k")]);
  },
  "next page": async (page) => {
    const next = page.getByRole("button", { name: "Next page", exact: true });
    if (!(await next.isEnabled())) return undefined;
    const at = await middleOf(next);
    return () => answered(page, () => page.mouse.click(at.x, at.y));
  },
  sorted: async (page, { sorts }) => {
    if (!sorts) return undefined;
    const at = await middleOf(page.locator("th button").first());
    return () => answered(page, () => page.mouse.click(at.x, at.y));
  },
  searched: async (page, { search }) => {
    if (search === undefined) return undefined;
    await page.locator("[data-search]").first().focus();
    return () => answered(page, () => page.keyboard.type(search, { delay: 30 }));
  },
  "opened and closed": async (page) => {
    const at = await middleOf(page.locator("tbody .row-link").first());
    return async () => {
      await answered(page, () => page.mouse.click(at.x, at.y));
      await aMoment(600);
      await page.keyboard.press("Escape");
    };
  },
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;

/** The steps that scroll: these have a goal. */
export const SCROLLING: readonly StepName[] = ["by wheel", "by keys", "row by row"];

async function pressAll(page: Page, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await page.keyboard.press(key);
    await aMoment();
  }
}

/** Until the API has answered, and what follows from it is asked for too. What is known already is not asked again. */
async function answered(page: Page, act: () => Promise<unknown>): Promise<void> {
  const isAnswer = (response: Response) => response.url().includes("/api/v1/");
  const answer = page.waitForResponse(isAnswer, { timeout: 5_000 }).catch(() => undefined);
  await act();
  await answer;
  await aMoment(500);
}

async function middleOf(place: Locator): Promise<{ x: number; y: number }> {
  await place.scrollIntoViewIfNeeded();
  const box = await place.boundingBox();
  if (box === null) throw new Error("what is to be used is not on the screen");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Fingers take a while. */
const aMoment = (milliseconds = 30) => new Promise((later) => setTimeout(later, milliseconds));
