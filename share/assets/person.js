// Inputs with data-staff: whom the unit has under what was typed, offered to choose from. Without this file a name that only
// one has is enough.
const WAIT_MS = 250;

async function offer(input, list) {
  const typed = input.value.trim();
  if (!typed || [...list.options].some((o) => o.value === typed)) return;
  const answer = await fetch(`${input.dataset.staff}?q=${encodeURIComponent(typed)}`, { headers: { Accept: 'application/json' } });
  if (!answer.ok || input.value.trim() !== typed) return;
  const { people } = await answer.json();
  list.replaceChildren(...people.map((p) => {
    const option = document.createElement('option');
    option.value = p.no;
    option.label = `${p.name} ${p.id}`;
    return option;
  }));
}

for (const input of document.querySelectorAll('input[data-staff]')) {
  const list = document.getElementById(input.getAttribute('list'));
  let timer;
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => offer(input, list).catch(() => {}), WAIT_MS);
  });
}
