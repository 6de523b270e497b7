/** Workbooks for the journeys, written as the markdown tables that the compiler reads. Texts ours, people invented. */

const languages = ['English (en)', 'ไทย (th)', 'မြန်မာ (my)', 'العربية (ar)'];

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

const questions: Array<{ type: string; name: string; labels: [string, string, string, string]; audio?: string; relevant?: string; constraint?: string; message?: string; hint?: string }> = [
  { type: 'text', name: 'given_name', labels: ['What may I call you?', 'ให้เรียกคุณว่าอะไรดี', 'သင့်ကို ဘယ်လိုခေါ်ရမလဲ။', 'بماذا أناديك؟'], audio: 'name-th.wav', hint: 'Any name will do.' },
  { type: 'integer', name: 'age', labels: ['How old are you?', 'คุณอายุเท่าไร', 'အသက် ဘယ်လောက်ရှိပြီလဲ။', 'كم عمرك؟'], audio: 'age-th.wav', constraint: '. >= 0 and . <= 120', message: 'An age lies between 0 and 120.' },
  { type: 'select_one yn', name: 'owes_money', labels: ['Do you owe money for this journey?', 'คุณติดหนี้ค่าเดินทางครั้งนี้หรือไม่', 'ဒီခရီးအတွက် အကြွေးတင်နေသလား။', 'هل عليك دين بسبب هذه الرحلة؟'], audio: 'debt-th.wav', hint: 'Debt can be used to hold people.' },
  { type: 'select_one yn', name: 'papers_kept', labels: ['Does somebody else keep your papers?', 'มีคนอื่นเก็บเอกสารของคุณไว้หรือไม่', 'တစ်ယောက်ယောက်က သင့်စာရွက်စာတမ်းတွေ သိမ်းထားသလား။', 'هل يحتفظ شخص آخر بأوراقك؟'] },
  { type: 'select_multiple help', name: 'wanted_help', labels: ['What help would you like?', 'คุณต้องการความช่วยเหลืออะไร', 'ဘယ်လိုအကူအညီ လိုချင်ပါသလဲ။', 'أي مساعدة تريد؟'] },
  { type: 'date', name: 'left_home', labels: ['When did you leave home?', 'คุณออกจากบ้านเมื่อไร', 'အိမ်က ဘယ်တော့ ထွက်လာတာလဲ။', 'متى غادرت بيتك؟'], relevant: "${owes_money} = 'yes'" },
];

const choices: Array<[string, string, [string, string, string, string]]> = [
  ['yn', 'yes', ['Yes', 'ใช่', 'ဟုတ်ကဲ့', 'نعم']],
  ['yn', 'no', ['No', 'ไม่ใช่', 'မဟုတ်ပါ', 'لا']],
  ['yn', 'not_known', ["I don't know", 'ไม่รู้', 'မသိပါ', 'لا أعرف']],
  ['yn', 'declined', ['I would rather not say', 'ไม่อยากตอบ', 'မဖြေချင်ပါ', 'أفضل ألا أقول']],
  ['help', 'doctor', ['A doctor', 'หมอ', 'ဆရာဝန်', 'طبيب']],
  ['help', 'shelter', ['A safe place', 'ที่ปลอดภัย', 'ဘေးကင်းတဲ့နေရာ', 'مكان آمن']],
  ['help', 'phone', ['A telephone call', 'โทรศัพท์', 'ဖုန်းခေါ်ရန်', 'مكالمة هاتفية']],
];

/** The arrival interview: six questions, four languages, recordings in Thai only. */
export function arrival(): string {
  const lines = [
    row('survey', ...['', '', ...languages.map(() => ''), '', '', '', '', '']),
    row('', 'type', 'name', ...languages.map((one) => `label::${one}`), 'hint::English (en)', 'media::audio::ไทย (th)', 'relevant', 'constraint', 'constraint_message'),
    ...questions.map((one) => row('', one.type, one.name, ...one.labels, one.hint ?? '', one.audio ?? '', one.relevant ?? '', one.constraint ?? '', one.message ?? '')),
    row('choices', '', '', ...languages.map(() => '')),
    row('', 'list_name', 'name', ...languages.map((one) => `label::${one}`)),
    ...choices.map(([list, name, labels]) => row('', list, name, ...labels)),
    row('settings', '', '', '', ''),
    row('', 'form_title', 'form_id', 'version', 'default_language'),
    row('', 'Journey interview', 'arrival_journey', '1', 'English (en)'),
  ];
  return lines.join('\n');
}

/** A long interview of yes-or-no questions, for the clock. */
export function long(count: number): string {
  const lines = [
    row('survey', '', '', '', ''),
    row('', 'type', 'name', 'label::English (en)', 'label::ไทย (th)', 'relevant'),
    ...Array.from({ length: count }, (_, at) => row('', 'select_one yn', `q${at + 1}`, `Question number ${at + 1}?`, `คำถามข้อ ${at + 1}`, at > 0 && at % 10 === 0 ? `\${q${at}} != 'never'` : '')),
    row('choices', '', '', '', ''),
    row('', 'list_name', 'name', 'label::English (en)', 'label::ไทย (th)'),
    ...choices.filter(([list]) => list === 'yn').map(([list, name, labels]) => row('', list, name, labels[0], labels[1])),
    row('settings', '', '', '', ''),
    row('', 'form_title', 'form_id', 'version', 'default_language'),
    row('', `Long interview ${count}`, `long_${count}`, '1', 'English (en)'),
  ];
  return lines.join('\n');
}

/** A tenth of a second of a tone, as a WAV file: a recording that a browser really plays. */
export function recording(hertz: number): Buffer {
  const rate = 8000;
  const samples = rate / 10;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at++) wav.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hertz * at) / rate)), 44 + at * 2);
  return wav;
}

/** One question in the languages of travellers that the app itself speaks as well. */
export function spoken(): string {
  const tongues = ['English (en)', 'ខ្មែរ (km)', 'ລາວ (lo)', 'සිංහල (si)', 'தமிழ் (ta)', 'বাংলা (bn)', 'اردو (ur)', 'دری (prs)'];
  const asked = ['Do you owe money for this journey?', 'តើអ្នកជំពាក់ប្រាក់គេសម្រាប់ដំណើរនេះទេ?', 'ທ່ານຕິດໜີ້ຄ່າເດີນທາງນີ້ບໍ?', 'මේ ගමනට ඔබ ණයද?', 'இந்தப் பயணத்திற்காகக் கடன் பட்டிருக்கிறீர்களா?', 'এই যাত্রার জন্য কি আপনার ঋণ আছে?', 'کیا اس سفر کے لیے آپ پر قرض ہے؟', 'آیا برای این سفر قرضدار هستید؟'];
  const yes = ['Yes', 'បាទ/ចាស', 'ແມ່ນ', 'ඔව්', 'ஆம்', 'হ্যাঁ', 'ہاں', 'بلی'];
  const no = ['No', 'ទេ', 'ບໍ່', 'නැත', 'இல்லை', 'না', 'نہیں', 'نه'];
  const blank = tongues.map(() => '');
  return [
    row('survey', '', '', ...blank),
    row('', 'type', 'name', ...tongues.map((one) => `label::${one}`)),
    row('', 'select_one yn', 'owes_money', ...asked),
    row('choices', '', '', ...blank),
    row('', 'list_name', 'name', ...tongues.map((one) => `label::${one}`)),
    row('', 'yn', 'yes', ...yes),
    row('', 'yn', 'no', ...no),
    row('settings', '', '', '', ''),
    row('', 'form_title', 'form_id', 'version', 'default_language'),
    row('', 'Spoken interview', 'spoken_journey', '1', 'English (en)'),
  ].join('\n');
}
