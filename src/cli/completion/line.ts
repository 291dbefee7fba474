/** Takes a command line apart as a shell would, as far as it is typed. Pure. */

/** The words; the last one is being typed, and is empty after a blank. */
export function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (quote !== '') {
      if (letter === quote) quote = '';
      else if (letter === '\\' && quote === '"' && at + 1 < line.length) word += line[++at]!;
      else word += letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (letter === '\\' && at + 1 < line.length) word = (word ?? '') + line[++at]!;
    else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (/[;|&]/.test(letter)) {
      // What follows is another command.
      words.length = 0;
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  return [...words, word ?? ''];
}

/** How much of a word bash leaves as it stands: it completes what comes after the last of its breaks. */
export function keptByBash(word: string, breaks: string): number {
  for (let at = word.length - 1; at >= 0; at--) if (/[:=]/.test(word[at]!) && breaks.includes(word[at]!)) return at + 1;
  return 0;
}
