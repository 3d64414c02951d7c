// Saves the latents of the marked images as a latents file, in the order of the page.

const all = JSON.parse(document.getElementById("latents").textContent);
const name = document.querySelector("h1").dataset.model;
const boxes = [...document.querySelectorAll("input")];
const status = document.querySelector("[role=status]");
const save = document.querySelector("button");

function count() {
  const marked = boxes.filter((box) => box.checked).length;
  save.disabled = marked === 0;
  status.textContent = marked ? `${marked} of ${boxes.length} marked.` : "None marked.";
}

boxes.forEach((box) => box.addEventListener("change", count));
count(); // browsers keep the marks of a reloaded page

save.addEventListener("click", () => {
  const latents = all.latents.filter((_, i) => boxes[i].checked);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify({ ...all, latents })], { type: "application/json" }));
  link.download = `${name}-favourites.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
});
