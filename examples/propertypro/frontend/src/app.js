const api = "__API_URL__";
const list = document.querySelector("#listings");

async function search(words) {
  const answer = await fetch(`${api}/v1/properties?q=${encodeURIComponent(words)}`);
  const listings = answer.ok ? await answer.json() : [];
  list.replaceChildren(
    ...listings.map(({ title, city, price }) => {
      const item = document.createElement("li");
      item.textContent = `${title}, ${city}: ${price}`;
      return item;
    }),
  );
}

document.querySelector("#search").addEventListener("submit", (event) => {
  event.preventDefault();
  search(new FormData(event.target).get("q"));
});
