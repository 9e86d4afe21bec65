// Which links the list shows: searched, sorted, a page at a time. Its words stand in the address, so that a reload and
// Back lead to the same place. Pure.

export const PAGE = 20;
export const SORTS = { newest: "Newest", clicks: "Most clicks", name: "Name" };

const ORDERS = {
  newest: (a, b) => b.created_at.localeCompare(a.created_at),
  clicks: (a, b) => b.clicks - a.clicks || ORDERS.newest(a, b),
  name: (a, b) => a.code.localeCompare(b.code, "en", { sensitivity: "base" }),
};

/** From the query of an address; what it does not have, or has wrong, is as at the beginning. */
export function place(search) {
  const query = new URLSearchParams(search);
  const sort = query.get("sort");
  const page = Number(query.get("page"));
  return {
    q: query.get("q") ?? "",
    sort: Object.hasOwn(SORTS, sort) ? sort : "newest",
    page: Number.isSafeInteger(page) && page > 1 ? page - 1 : 0,
  };
}

/** The query of an address, empty at the beginning. */
export function search({ q, sort, page }) {
  const query = new URLSearchParams();
  if (q) query.set("q", q);
  if (sort !== "newest") query.set("sort", sort);
  if (page > 0) query.set("page", page + 1);
  return query.size > 0 ? `?${query}` : "";
}

/** The rows of the page, how many fit the search, and the page itself, which may lie beyond the last. */
export function select(links, { q, sort, page }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = links
    .filter(({ code, target }) => words.every((word) => `${code} ${target}`.toLowerCase().includes(word)))
    .sort(ORDERS[sort]);
  const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
  const shown = Math.min(page, last);
  return { rows: found.slice(shown * PAGE, (shown + 1) * PAGE), found: found.length, page: shown, last };
}
