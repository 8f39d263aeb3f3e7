// Other kinds of passcodes: the answer to a question, and a new one at each press. The second is told in German.
import {
  DEVICES, PIN, App, activate, atThePasscode, atTheWiki, enrolling, firstPasscode, nothingFound, template,
  typePasscode,
} from './authenticator.mjs';
import { check, same, story } from './lib.mjs';

await story(async (browser) => {
  template({ mode: 'challenge_response' });
  await questions(browser);
  template({ synchronization: { event: { look_ahead: 10 } } });
  await presses(browser);
});

async function questions(browser) {
  const { page, look } = await enrolling(browser, { user: 'alice' });
  const app = await App.on(browser, DEVICES.android);
  await activate(page, app);
  await firstPasscode(page);
  await look.at('portal-question');
  await app.press('done-open');
  await app.field('challenge-label').fill('123');
  await app.press('passcode-show');
  await app.says('challenge-wrong');
  await app.look.at('app-question-wrong');
  await answer(page, app);
  await app.look.at('app-question-answered');
  await app.press('passcode-hide');

  const again = await atThePasscode(browser, { user: 'alice' });
  await again.look.at('portal-question-again');
  await answer(again.page, app);
  nothingFound(look, app.look, again.look);
}

async function answer(page, app) {
  const question = (await page.textContent('#challenge')).replace(/\s/g, '');
  check(/^\d{8}$/.test(question), `eight digits: ${question}`);
  await app.field('challenge-label').fill(question);
  await typePasscode(page, await app.passcode(PIN));
  await atTheWiki(page);
}

async function presses(browser) {
  const language = 'de';
  const { page, look } = await enrolling(browser, { user: 'bob', options: { ...DEVICES.computer, locale: language } });
  const app = await App.on(browser, { ...DEVICES.android, locale: language }, { language });
  await activate(page, app);
  same(await app.page.getAttribute('html', 'lang'), language, 'the language of the app');
  await app.look.at('app-german-done');
  await firstPasscode(page);
  await look.at('portal-german');
  await app.press('done-open');
  await app.look.at('app-german-pin');
  const first = await app.passcode(PIN);
  await app.look.at('app-german-passcode');
  await typePasscode(page, first);
  await atTheWiki(page);

  const again = await atThePasscode(browser, { user: 'bob' });
  await typePasscode(again.page, first);
  check(await again.page.isVisible('#notice'), 'one that was used is refused');
  await app.press('passcode-next');
  await app.page.waitForFunction((first) => document.querySelector('.passcode').textContent !== first, first);
  await typePasscode(again.page, await app.shown());
  await atTheWiki(again.page);
  await english(app);
  nothingFound(look, app.look);
}

/** The language is changed where one is. */
async function english(app) {
  await app.press('passcode-hide');
  await app.press('settings');
  await app.at('settings');
  await app.look.at('app-german-settings');
  await app.page.selectOption('#language', 'en');
  await app.page.getByRole('heading', { level: 1, name: 'Settings', exact: true }).waitFor();
  await app.page.reload();
  await app.page.getByRole('heading', { level: 1, name: 'Your accounts', exact: true }).waitFor();
}
