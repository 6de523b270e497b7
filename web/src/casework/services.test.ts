import { describe, expect, it } from 'vitest';
import { asCSV, drawId, filtered, listed, type Imported } from './services';

const looked = {
  wrong: [{ file: 'services.csv', row: 3, column: 'id', message: 'every row needs an id' }],
  notes: [
    { file: 'phones.csv', row: 2, column: 'service_id', message: 'there is no row "9" in services.csv' },
    { file: 'services.csv', row: 0, message: '=HYPERLINK("x")' },
  ],
} as Imported;

describe('mistakes in a file of services', () => {
  it('are listed with what cannot be read first', () => {
    expect(listed(looked).map((one) => `${one.kind} ${one.file}`)).toEqual(['wrong services.csv', 'note phones.csv', 'note services.csv']);
  });
  it('are filtered by kind, by file and by every word', () => {
    const all = listed(looked);
    expect(filtered(all, 'note', '', '').length).toBe(2);
    expect(filtered(all, '', 'services.csv', '').length).toBe(2);
    expect(filtered(all, '', '', 'ROW needs').map((one) => one.row)).toEqual([3]);
    expect(filtered(all, 'note', 'services.csv', 'nothing')).toEqual([]);
  });
  it('are a CSV that runs nothing in a spreadsheet', () => {
    expect(asCSV(['f', 'r', 'c', 'k', 'm'], listed(looked), { wrong: 'bad', note: 'look' })).toBe(
      '\uFEFF"f","r","c","k","m"\r\n"services.csv","3","id","bad","every row needs an id"\r\n"phones.csv","2","service_id","look","there is no row ""9"" in services.csv"\r\n"services.csv","","","look","\'=HYPERLINK(""x"")"\r\n',
    );
  });
  it('draws numbers of 32 hexadecimal digits', () => {
    expect(drawId()).toMatch(/^[0-9a-f]{32}$/);
    expect(drawId()).not.toBe(drawId());
  });
});
