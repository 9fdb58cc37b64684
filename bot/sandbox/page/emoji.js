// Slack's short names for the emoji an incident channel uses; others stay as :name:.

const named = {
  '+1': '👍', '-1': '👎', thumbsup: '👍', thumbsdown: '👎', 100: '💯', alarm_clock: '⏰', ambulance: '🚑',
  arrow_right: '➡️', arrow_up: '⬆️', arrow_down: '⬇️', arrows_counterclockwise: '🔄', art: '🎨', bangbang: '‼️',
  bar_chart: '📊', bell: '🔔', no_bell: '🔕', black_circle: '⚫', blue_heart: '💙', blob_thanks: '🙏', book: '📖',
  bookmark: '🔖', boom: '💥', books: '📚', brain: '🧠', bug: '🐛', bulb: '💡', busts_in_silhouette: '👥',
  calendar: '📅', chart_with_downwards_trend: '📉', chart_with_upwards_trend: '📈', checkered_flag: '🏁',
  clap: '👏', clipboard: '📋', clock1: '🕐', closed_lock_with_key: '🔐', cold_sweat: '😰', construction: '🚧',
  cry: '😢', dart: '🎯', exclamation: '❗', eyes: '👀', face_with_monocle: '🧐', fire: '🔥', fire_engine: '🚒',
  fire_extinguisher: '🧯', firefighter: '🧑‍🚒', flashlight: '🔦', gear: '⚙️', green_heart: '💚', grey_question: '❔',
  grin: '😁', hammer_and_wrench: '🛠️', heart: '❤️', heavy_check_mark: '✔️', heavy_plus_sign: '➕', helmet_with_white_cross: '⛑️',
  hospital: '🏥', hourglass: '⌛', hourglass_flowing_sand: '⏳', information_source: 'ℹ️', joy: '😂', key: '🔑',
  label: '🏷️', large_blue_circle: '🔵', large_green_circle: '🟢', large_orange_circle: '🟠', large_purple_circle: '🟣',
  large_red_circle: '🔴', red_circle: '🔴', large_yellow_circle: '🟡', white_circle: '⚪', large_green_square: '🟩',
  large_orange_square: '🟧', large_red_square: '🟥', large_yellow_square: '🟨', large_blue_square: '🟦', link: '🔗',
  lock: '🔒', loudspeaker: '📢', mag: '🔍', mag_right: '🔎', mega: '📣', megaphone: '📣', memo: '📝', pencil: '📝',
  microscope: '🔬', muscle: '💪', mute: '🔇', no_entry: '⛔', no_entry_sign: '🚫', notebook: '📓', ok: '🆗', ok_hand: '👌',
  open_book: '📖', package: '📦', page_facing_up: '📄', pager: '📟', paperclip: '📎', people_hugging: '🫂',
  bust_in_silhouette: '👤', phone: '☎️', telephone_receiver: '📞', point_right: '👉', pray: '🙏', pushpin: '📌',
  question: '❓', raised_hands: '🙌', raising_hand: '🙋', recycle: '♻️', relieved: '😌', repeat: '🔁', robot_face: '🤖',
  rocket: '🚀', rotating_light: '🚨', round_pushpin: '📍', scroll: '📜', scream: '😱', see_no_evil: '🙈', seedling: '🌱',
  shield: '🛡️', siren: '🚨', slightly_smiling_face: '🙂', smile: '😄', smiley: '😃', sos: '🆘', sparkles: '✨',
  speech_balloon: '💬', spiral_note_pad: '🗒️', star: '⭐', stethoscope: '🩺', stopwatch: '⏱️', sunny: '☀️', sweat: '😓',
  tada: '🎉', thinking_face: '🤔', thread: '🧵', ticket: '🎫', timer_clock: '⏲️', toolbox: '🧰', traffic_light: '🚥',
  triangular_flag_on_post: '🚩', unlock: '🔓', vertical_traffic_light: '🚦', warning: '⚠️', wave: '👋',
  white_check_mark: '✅', white_large_square: '⬜', black_large_square: '⬛', ballot_box_with_check: '☑️', wrench: '🔧',
  writing_hand: '✍️', x: '❌', yellow_heart: '💛', zap: '⚡', zzz: '💤', studio_microphone: '🎙️', technologist: '🧑‍💻',
  satellite: '📡', satellite_antenna: '📡', control_knobs: '🎛️', level_slider: '🎚️', crown: '👑', compass: '🧭', map: '🗺️',
};

/** What people most often answer with; the first stands alone in the message menu. */
export const reactions = ['pushpin', 'white_check_mark', 'eyes', '+1', 'tada', 'fire', 'pray', 'question', 'rotating_light', 'heart'];

/** The character of a short name, or :name: when it is not known here. */
export function emoji(name) {
  const base = name.split('::')[0];
  return Object.hasOwn(named, base) ? named[base] : `:${name}:`;
}
