/** What a plan would do, counted in the directory's records and the organization's administrators. */
export type GuardFigures = {
  /** People of the directory who are active now. */
  active: number;
  /** People who were active when the window opened: 24 hours ago, or when the directory's first plan was applied. */
  activeAtOpening: number;
  /** People of the directory whom this plan would make inactive or take away. */
  lost: number;
  /**
   * People whom it would shut out by something else: an inactive record that comes to stand above theirs, or a rename
   * onto a user name that another directory has (design §7).
   */
  shutOut: number;
  /** People lost and shut out through plans applied within the window. */
  lostInWindow: number;
  /** Groups of the directory now, and how many of them the plan would take away. */
  groups: number;
  groupsLost: number;
  /** Groups that would lose members. */
  shrinking: readonly { group: string; members: number; lost: number }[];
  /** Memberships that would go although person and group stay, and whether the directory would have any afterwards. */
  membersLost: number;
  membersStay: boolean;
  /** Accounts with the unparked right organization-administrator that are active now, and that still would be. */
  administrators: number;
  administratorsStaying: number;
};

type GuardRule =
  | "people"
  | "people-cap"
  | "small-directory"
  | "nobody-stays"
  | "groups"
  | "group-members"
  | "no-member-stays"
  | "no-administrator";

/** `reasons` is empty when the plan may be applied without asking; each tells the figures it was judged by. */
export type Verdict = { held: boolean; reasons: readonly { rule: GuardRule; detail: string }[] };

/** Never held below this many people, however small the directory (but see the rule for small ones). */
const FEW_PEOPLE = 10;
/** Held above this many people, however large the directory. */
const MANY_PEOPLE = 500;
const FEW_GROUPS = 2;
const SMALL_DIRECTORY = { from: 4, to: 20 };
/** A group of this size or more may lose half of its members, not more. */
const LARGE_GROUP = 20;
/** Whoever may not see members any more sees every group empty, however small they all are. */
const MANY_MEMBERS = 20;
/** How many reasons about single groups a verdict lists. */
const LISTED_GROUPS = 20;

/**
 * Whether a person must look at the plan before it is applied (design §5.4). Pure: the same figures give the same
 * verdict, and more losses never turn a held plan into one that is not.
 */
export function judge(figures: GuardFigures): Verdict {
  const reasons: { rule: GuardRule; detail: string }[] = [];
  const { active, activeAtOpening, lost, shutOut, groups, groupsLost } = figures;
  const now = lost + shutOut;
  const total = now + figures.lostInWindow;
  const told = `${total} of ${activeAtOpening} active people would be lost within 24 hours, ${now} of them now${
    shutOut > 0 ? ` (${shutOut} of those by a record above theirs or a rename onto a name that is taken)` : ""
  }`;
  if (now > 0) {
    // Twenty times instead of 5 %, ten times instead of 10 %: whole numbers do not round.
    if (total > FEW_PEOPLE && total * 20 > activeAtOpening)
      reasons.push({ rule: "people", detail: `${told}; more than ${FEW_PEOPLE} and more than 5 %` });
    if (total > MANY_PEOPLE) reasons.push({ rule: "people-cap", detail: `${told}; more than ${MANY_PEOPLE}` });
    if (isOverHalfOfSmall(total, activeAtOpening) || isOverHalfOfSmall(now, active))
      reasons.push({ rule: "small-directory", detail: `${told}; more than half of a small directory` });
    if (lost > 0 && lost >= active)
      reasons.push({ rule: "nobody-stays", detail: `nobody of the ${active} active people would stay active` });
  }
  if (groupsLost > FEW_GROUPS && groupsLost * 10 > groups)
    reasons.push({
      rule: "groups",
      detail: `${groupsLost} of ${groups} groups would be lost; more than ${FEW_GROUPS} and more than 10 %`,
    });
  const halved = figures.shrinking.filter((group) => group.members >= LARGE_GROUP && group.lost * 2 > group.members);
  for (const { group, members, lost: gone } of halved.slice(0, LISTED_GROUPS))
    reasons.push({
      rule: "group-members",
      detail: `the group ${group} would lose ${gone} of ${members} members; more than half`,
    });
  if (figures.membersLost >= MANY_MEMBERS && !figures.membersStay)
    reasons.push({
      rule: "no-member-stays",
      detail: `all ${figures.membersLost} memberships would be lost, and people and groups stay; does the directory still show members?`,
    });
  if (figures.administrators > 0 && figures.administratorsStaying === 0)
    reasons.push({
      rule: "no-administrator",
      detail: `none of the ${figures.administrators} organization administrators would stay one`,
    });
  return { held: reasons.length > 0, reasons };
}

function isOverHalfOfSmall(lost: number, size: number): boolean {
  return size >= SMALL_DIRECTORY.from && size <= SMALL_DIRECTORY.to && lost * 2 > size;
}
