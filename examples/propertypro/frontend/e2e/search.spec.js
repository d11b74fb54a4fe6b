import { expect, test } from "@playwright/test";

test("the page shows the search form", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "PropertyPro" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Search" })).toBeEnabled();
});
