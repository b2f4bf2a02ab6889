// Sentences of several languages in which a value stands, marked by {}.

/** For any personal number or address; only the value itself tells what it is. */
const ANY = [
  'en|Customer wrote: {} - please update the record.',
  'en|{}',
  'en|Is {} the right one for the contract we signed in 2023?',
  'en|My details are {}, thanks!',
  'de|Bitte tragen Sie {} in das Formular ein.',
  'de|Kundin meldet ({}), dass nichts ankam.',
  'fr|Merci de noter {} dans mon dossier.',
  'fr|Le client donne « {} » depuis le 3 mars.',
  'es|Mi dato es {}; ¿lo puede comprobar?',
  'it|Il mio dato è {}, grazie.',
  'nl|Kunt u {} aanpassen in het systeem?',
  'pl|Proszę wpisać {} do umowy.',
  'pt|Pode confirmar {} no cadastro?',
  'json|{"customer":"4711","value":"{}","ok":true}',
  'csv|17;open;{};2024-05-01',
] as const;

const PHONE_BY_WORD = [
  'en|My phone number is {}, call after six.',
  'en|Call me at {} please.',
  'en|WhatsApp: {}',
  'de|Meine Telefonnummer ist {}.',
  'de|Handy {} (abends)',
  'fr|Mon téléphone : {}, le matin.',
  'fr|Vous pouvez appeler le {} demain.',
  'es|Mi móvil es el {}.',
  'es|Teléfono: {}',
  'it|Il mio cellulare è {}.',
  'nl|Mijn telefoonnummer is {}',
  'pl|Mój numer telefonu to {}.',
  'pt|Meu celular é {}.',
  'en|You find me under {} most days.',
] as const;

const SECRET = [
  'en|The key is {} and it worked yesterday.',
  'en|Why does `curl -H "Authorization: Bearer {}"` answer 401?',
  'en|{}',
  'de|Mein Schlüssel lautet {}, warum klappt es nicht?',
  'fr|Voici la clé : {} (ne pas partager)',
  'es|Uso {} en producción.',
  'code|const client = new Client({ key: "{}" });',
  'log|2024-05-01T10:00:00Z ERROR refused credential={} from=web-1',
] as const;

const BEARER = [
  'en|The header says Authorization: Bearer {} and I get 403.',
  'code|curl -H "authorization: bearer {}" https://api.example.com',
  'log|> authorization: Bearer {}',
] as const;

const URL_PASSWORD = [
  'code|DATABASE_URL=postgres://app:{}@db.internal:5432/main',
  'en|It fails with redis://default:{}@cache.example.com:6379/0 since Monday.',
  'de|Die Adresse ist https://benutzer:{}@intern.example.com/api und geht nicht.',
  'log|connect amqp://svc:{}@mq.example.com failed',
  'fr|mongodb+srv://admin:{}@cluster0.example.net/test ne répond pas',
] as const;

const ASSIGNED = [
  'code|DB_PASSWORD={}',
  'code|export API_KEY="{}"',
  'code|{"client_secret": "{}", "scope": "all"}',
  "code|auth_token = '{}'",
  'yaml|password: {}',
  'en|The admin password is: x, no, sorry, password: {} works.',
  'de|Passwort: {}',
  'es|contraseña: {}',
  'pt|senha = {}',
  'nl|wachtwoord: {}',
  'code|aws_secret_access_key = {}',
  'en|The root password is {} on all machines.',
  'de|Das Passwort ist {} für beide.',
] as const;

export function sentencesFor(kind: string, secret: boolean): readonly string[] {
  if (kind === 'phone-by-word') return PHONE_BY_WORD;
  if (kind === 'bearer-token') return BEARER;
  if (kind === 'url-password') return URL_PASSWORD;
  if (kind === 'assigned-secret') return ASSIGNED;
  return secret ? SECRET : ANY;
}
