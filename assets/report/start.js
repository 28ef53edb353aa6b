const OLD_DAYS = 7;
const ageDays = Math.floor((Date.now() - Date.parse(data.madeAt)) / 86_400_000);
if (ageDays >= OLD_DAYS) {
  // A report tells of its day; whoever finds it later has to know.
  at('age').textContent = `This page is ${ageDays} days old; what it shows may have changed.`;
  at('age').hidden = false;
}
if (all.length > 0) startTable();
startDetails();
