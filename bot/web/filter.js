// Hides what does not have the words that are being typed.
const box = document.getElementById('q');
const groups = document.querySelectorAll('.group');
const nothing = document.querySelector('.nothing');
const triage = document.querySelector('.triage');
const chips = document.querySelector('.chips');
document.querySelector('.ask').hidden = false;
const filter = () => {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const group of groups) {
    let here = 0;
    for (const item of group.querySelectorAll('li')) {
      const text = (item.textContent + ' ' + (item.dataset.words || '')).toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) here++;
    }
    group.hidden = here === 0;
    left += here;
  }
  nothing.hidden = left > 0;
  chips.hidden = words.length > 0;
  if (triage) triage.hidden = words.length > 0 && left > 0;
};
box.addEventListener('input', filter);
filter();
